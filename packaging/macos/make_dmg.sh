#!/bin/bash
# Makes the disk image people drag the app from. Run on macOS, after sign_notarise.sh.
set -euo pipefail
app=${1:?usage: make_dmg.sh path/to/Sidelight.app out.dmg}
image=${2:?usage: make_dmg.sh path/to/Sidelight.app out.dmg}
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
ditto "$app" "$stage/Sidelight.app"
ln -s /Applications "$stage/Applications"
hdiutil create -volname Sidelight -srcfolder "$stage" -ov -format UDZO -imagekey zlib-level=9 "$image"
if [ -n "${SIGN_IDENTITY:-}" ]; then
    codesign --force --sign "$SIGN_IDENTITY" --timestamp "$image"
fi
hdiutil verify "$image"
