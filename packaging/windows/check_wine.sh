#!/bin/bash
# Installs a setup.exe silently under Wine, starts what can start there (--version; Qt cannot), removes it, looks that nothing is left.
#   check_wine.sh dist/sidelight-*-setup.exe       needs wine64; works in a prefix of its own that is thrown away
set -euo pipefail
setup=$(readlink -f "${1:?usage: check_wine.sh SETUP.exe}")
prefix=$(mktemp -d)
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
export WINEPREFIX=$prefix WINEDEBUG=-all
trap 'timeout 30 "$wine" wineboot -k >/dev/null 2>&1 || true; rm -rf "$prefix"' EXIT

timeout 300 "$wine" "$setup" /S
folder=$(find "$prefix/drive_c" -type d -path '*/Programs/Sidelight')
[ -n "$folder" ] || { echo "nothing was installed"; exit 1; }
echo "installed: $(du -sm "$folder" | cut -f1) MB"
find "$prefix/drive_c" -name Sidelight.lnk | grep -q . || { echo "no entry in the start menu"; exit 1; }
# Wine wants pipes here: a plain handle of ours is none that Python's start accepts.
timeout 100 "$wine" "$folder/sidelight-cli.exe" --version < <(true) 2>&1 | cat | grep '^sidelight '

# The uninstaller copies itself away and goes on from there.
timeout 100 "$wine" "$folder/uninstall.exe" /S
for _ in $(seq 60); do
    [ -e "$folder" ] || break
    sleep 0.5
done
[ ! -e "$folder" ] || { echo "left:"; find "$folder" | head; exit 1; }
! find "$prefix/drive_c" -name Sidelight.lnk | grep . || { echo "the entry in the start menu is left"; exit 1; }
echo "removed: nothing is left"
