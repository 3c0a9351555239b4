#!/usr/bin/env bash
# test-deps.sh [tryton]: brings what the tests need and this machine lacks: a
# Chromium, fonts for Chinese and emoji, PostgreSQL, mail servers, ffmpeg, curl; or, for
# make tryton, PostgreSQL and a Tryton. Installs by apt, as root or through sudo, and starts
# nothing: tests start their own servers on free ports.
set -euo pipefail

fail() {
  printf 'test-deps: %s\n' "$*" >&2
  exit 1
}

have_chromium() {
  [[ -n ${PATCHBAY_CHROMIUM:-} ]] && {
    [[ -x $PATCHBAY_CHROMIUM ]] || fail "PATCHBAY_CHROMIUM=$PATCHBAY_CHROMIUM is not a program"
    return
  }
  [[ -x /usr/bin/chromium ]]
}

# 15 is the oldest PostgreSQL we support.
have_postgres() {
  local initdb
  for initdb in "$(command -v initdb || true)" /usr/lib/postgresql/*/bin/initdb; do
    [[ -x $initdb ]] && (($("$initdb" --version | grep -oE '[0-9]+' | head -n 1) >= 15)) && return
  done
  return 1
}

have_font() { # <fontconfig pattern>
  command -v fc-list >/dev/null && [[ -n $(fc-list "$1" family) ]]
}

have_package() { # <Debian package>
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

what=${1:-all}
missing=()
have_postgres || missing+=(postgresql)
if [[ $what == tryton ]]; then
  # phonenumbers: without it Tryton does not bring numbers into one form.
  for package in tryton-server tryton-modules-{party,company,sale-opportunity} python3-phonenumbers python3-psycopg2; do
    have_package "$package" || missing+=("$package")
  done
else
  have_chromium || missing+=(chromium)
  have_font ':lang=zh-cn' || missing+=(fonts-noto-cjk)
  have_font 'Noto Color Emoji' || missing+=(fonts-noto-color-emoji)
  command -v curl >/dev/null || missing+=(curl) # the guides' examples
  command -v ffmpeg >/dev/null || missing+=(ffmpeg) # recordings that are made playable
  for package in dovecot-{imapd,pop3d,lmtpd} postfix; do
    have_package "$package" || missing+=("$package")
  done
fi
if ((${#missing[@]} == 0)); then
  if [[ $what == tryton ]]; then echo "test-deps: PostgreSQL and Tryton are here"; else echo "test-deps: browser, fonts, PostgreSQL, mail servers, ffmpeg and curl are here"; fi
  exit
fi

echo "test-deps: missing ${missing[*]}"
command -v apt-get >/dev/null || fail "this script knows apt only. Install by hand: ${missing[*]} (PostgreSQL 15 or newer);
  a Chromium elsewhere than /usr/bin/chromium is named by PATCHBAY_CHROMIUM."

root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || fail "neither root nor sudo. Ask for: apt-get install ${missing[*]}"
  sudo -n true 2>/dev/null || [[ -t 0 ]] || fail "sudo would ask for a password and nobody is here. Ask for: apt-get install ${missing[*]}"
  root=(sudo)
fi

# While a policy of 101 stands, Debian's packages start no service.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
  "${root[@]}" chmod 755 "$policy"
  trap '"${root[@]}" rm -f "$policy"' EXIT
fi

apt() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }
apt update
# Postfix would ask what it is for, and make a configuration that delivers.
if [[ " ${missing[*]} " == *" postfix "* ]]; then
  echo 'postfix postfix/main_mailer_type select No configuration' | "${root[@]}" debconf-set-selections
fi
apt install -y --no-install-recommends "${missing[@]}"

[[ $what == tryton ]] || have_chromium || fail "Chromium is still missing at /usr/bin/chromium: name yours by PATCHBAY_CHROMIUM"
have_postgres || fail "the PostgreSQL of this distribution is older than 15: install one from https://apt.postgresql.org"
echo "test-deps: installed ${missing[*]}"
