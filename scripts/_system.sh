# shellcheck shell=bash disable=SC2034,SC2154 # shares STEP, LOG and fail with _setup.sh
# Sourced by scripts/test: the programs that the tests use beside Python's packages.
#
# Debian's and Ubuntu's package names.  On such a system, as root, missing ones are installed; anyone
# else is told the exact line to run, and the tests that need them are skipped, each with its reason
# in pytest's last lines.  With CI=true a missing one is a failure: CI proves nothing by skipping.

# package | how to see that it is here | which runs of scripts/test use it | why
SYSTEM_PACKAGES='
chromium-headless-shell | has_chromium    | browser plugins           | the browser tests drive it; chromium itself does too, in more time
fonts-noto-cjk | has_chinese_font         | browser plugins           | without a Chinese font its screenshots show boxes
postgresql     | has_postgresql           | functional plugins postgresql | ZODB on PostgreSQL: the tests start a server of their own
ffmpeg         | has ffmpeg               | functional plugins        | makes and measures the sound and video that the tests upload
nginx          | has nginx                | functional plugins        | serves media by signed address, as in production
haproxy        | has haproxy              | functional plugins        | the queue in front of several processes, as in production
redis-server   | has redis-server         | functional plugins        | jobs on several machines
wrk            | has wrk                  | functional                | makes load against a server of our own on 127.0.0.1
libpangoft2-1.0-0 | has_pango             | functional plugins        | sets the pages of papers that are printed
gettext        | has msgfmt               | house                     | checks the message catalogues
'

has() {
  # Debian keeps servers where a user's PATH does not look.
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin command -v "$1" >/dev/null
}

has_chromium() {
  has chromium-headless-shell || has chromium || has chromium-browser
}

has_postgresql() {
  local initdb
  for initdb in /usr/lib/postgresql/*/bin/initdb; do [ ! -x "$initdb" ] || return 0; done
  has initdb
}

has_pango() {
  PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep -q libpangoft2-1.0
}

has_chinese_font() {
  if has fc-list; then [ -n "$(fc-list :lang=zh family 2>/dev/null | head -n 1)" ]; else
    [ -d /usr/share/fonts/opentype/noto ]
  fi
}

# missing_packages RUN: the packages that this run of scripts/test uses and that are not here.
missing_packages() {
  local package check runs why
  while IFS='|' read -r package check runs why; do
    package=${package// /}
    [ -n "$package" ] || continue
    [ "$1" = all ] || [[ " $runs " == *" $1 "* ]] || continue
    # shellcheck disable=SC2086 # a command with its argument
    $check || printf '%s ' "$package"
  done <<<"$SYSTEM_PACKAGES"
}

why_needed() {
  local package check runs why wanted=" $1 "
  while IFS='|' read -r package check runs why; do
    package=${package// /}
    [ -z "$package" ] || [[ $wanted != *" $package "* ]] || printf '    %-25s%s\n' "$package" "${why# }"
  done <<<"$SYSTEM_PACKAGES"
}

# Installing a server package must not start the server: the tests start their own, on ports and in
# folders of their own.  Debian asks this file; one that is already here decides for itself.
POLICY=/usr/sbin/policy-rc.d

install_system_packages() {
  local made_policy='' status=0
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq || return
  if [ ! -e "$POLICY" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
    made_policy=1
  fi
  # shellcheck disable=SC2086 # one argument per package
  apt-get install -y -qq --no-install-recommends $1 || status=$?
  [ -z "$made_policy" ] || rm -f "$POLICY"
  return "$status"
}

# need_system_packages RUN
need_system_packages() {
  local missing can_install=''
  missing=$(missing_packages "$1")
  [ -n "$missing" ] || return 0
  has apt-get && [ "$(id -u)" = 0 ] && can_install=1
  if [ -n "$can_install" ]; then
    STEP=0 STEPS=1
    step "system packages: ${missing% }" install_system_packages "$missing" || true
    missing=$(missing_packages "$1")
    [ -n "$missing" ] || return 0
  fi
  printf '\nMISSING on this system, used by the tests:\n' >&2
  why_needed "$missing" >&2
  if [ -n "$can_install" ]; then
    tail -n 5 "$LOG" | sed 's/^/    /' >&2
    printf 'They could not be installed (the lines above are the end of %s).\n' "$LOG" >&2
  else
    printf 'As root:  apt-get update && apt-get install -y --no-install-recommends %s\n' "$missing" >&2
  fi
  [ "${CI:-}" != true ] || fail "with CI=true nothing may be missing."
  printf 'Going on without: the tests that need them are SKIPPED, which proves nothing about them.\n\n' >&2
}
