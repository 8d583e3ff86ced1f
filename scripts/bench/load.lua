-- wrk script: rotates through the requests of a file and prints one line of JSON at the end.
-- Arguments: FILE EXPECTED_STATUS. Each line of FILE: METHOD <tab> PATH <tab> COOKIE <tab> BODY.

local counter = 0
local requests = {}
local expected = 200
local threads = {}
wrong = 0
first_wrong = 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  for line in io.lines(args[1]) do
    local method, path, cookie, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
    local headers = { ["Host"] = wrk.host .. ":" .. wrk.port }
    if os.getenv("ACCEPT_ENCODING") then headers["Accept-Encoding"] = os.getenv("ACCEPT_ENCODING") end
    if cookie ~= "" then headers["Cookie"] = cookie end
    if method == "POST" then
      headers["Content-Type"] = "application/x-www-form-urlencoded"
      headers["Sec-Fetch-Site"] = "same-origin"
      headers["Origin"] = "http://" .. wrk.host .. ":" .. wrk.port
    else
      body = nil
    end
    table.insert(requests, wrk.format(method, path, headers, body))
  end
  expected = tonumber(args[2])
end

function request()
  counter = counter % #requests + 1
  return requests[counter]
end

function response(status)
  if status ~= expected then
    wrong = wrong + 1
    if first_wrong == 0 then first_wrong = status end
  end
end

function done(summary, latency)
  local unexpected, status = 0, 0
  for _, thread in ipairs(threads) do
    unexpected = unexpected + thread:get("wrong")
    if thread:get("first_wrong") ~= 0 then status = thread:get("first_wrong") end
  end
  local e = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "bytes": %d, "p50": %f, "p99": %f, "max": %f, ' ..
    '"unexpected": %d, "unexpected_status": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    unexpected, status, e.connect + e.read + e.write + e.timeout))
end
