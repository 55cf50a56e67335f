#!/bin/bash
# Signs Sidelight.app from the inside out, has Apple notarise it, and attaches the ticket. Run on macOS, after build.py tree.
#   SIGN_IDENTITY   "Developer ID Application: ..."; without it the app is signed ad hoc and not notarised, which Gatekeeper says
#   NOTARY_PROFILE  a profile that `xcrun notarytool store-credentials` made
set -euo pipefail
cd "$(dirname "$0")"
app=${1:?usage: sign_notarise.sh path/to/Sidelight.app}
identity=${SIGN_IDENTITY:--}
options=(--force --sign "$identity")
if [ "$identity" != - ]; then
    options+=(--options runtime --timestamp)
fi

# Libraries first, then the program, then the bundle: a signature covers what was signed within it.
find "$app/Contents/Frameworks" "$app/Contents/Resources" -type f \( -name '*.so' -o -name '*.dylib' \) -print0 |
    xargs -0 -n 50 codesign "${options[@]}"
find "$app/Contents/Frameworks" -type d -name '*.framework' -prune -print0 | xargs -0 -n 20 codesign "${options[@]}"
codesign "${options[@]}" --entitlements entitlements.plist "$app/Contents/MacOS/sidelight"
codesign "${options[@]}" --entitlements entitlements.plist "$app"
codesign --verify --deep --strict --verbose=2 "$app"

if [ "$identity" = - ] || [ -z "${NOTARY_PROFILE:-}" ]; then
    echo "signed ad hoc or without a notary: Gatekeeper will ask the person to allow it"
    exit 0
fi
archive=$(mktemp -d)/Sidelight.zip
ditto -c -k --keepParent "$app" "$archive"
xcrun notarytool submit "$archive" --keychain-profile "$NOTARY_PROFILE" --wait
xcrun stapler staple "$app"
spctl --assess --type execute --verbose "$app"
