#!/bin/bash
# Puts the signing certificate and the notary's credentials of a release into a keychain of this run. Used by the release workflow.
# Wants CERTIFICATE (P12, base64), PASSWORD, and for the notary APPLE_ID, APPLE_TEAM, APPLE_PASSWORD.
set -euo pipefail
keychain=$RUNNER_TEMP/signing.keychain-db
secret=$(openssl rand -hex 16)
p12=$RUNNER_TEMP/certificate.p12
trap 'rm -f "$p12"' EXIT
base64 --decode <<<"$CERTIFICATE" >"$p12"
security create-keychain -p "$secret" "$keychain"
security set-keychain-settings -lut 21600 "$keychain"
security unlock-keychain -p "$secret" "$keychain"
security import "$p12" -P "$PASSWORD" -A -t cert -f pkcs12 -k "$keychain"
security set-key-partition-list -S apple-tool:,apple: -s -k "$secret" "$keychain" >/dev/null
security list-keychains -d user -s "$keychain" login.keychain-db
if [ -n "${APPLE_ID:-}" ]; then
    xcrun notarytool store-credentials sidelight --apple-id "$APPLE_ID" --team-id "$APPLE_TEAM" --password "$APPLE_PASSWORD"
fi
