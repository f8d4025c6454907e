#!/usr/bin/env bash
# Generates an RSA key of 8192 bits and a token for each algorithm, with OpenSSL. The private key is discarded.
set -euo pipefail
cd "$(dirname "$0")"
private=$(mktemp)
trap 'rm -f "$private"' EXIT
openssl genrsa -out "$private" 8192 2>/dev/null

encode() { base64 -w0 | tr '+/' '-_' | tr -d '='; }

n=$(openssl rsa -in "$private" -noout -modulus | cut -d= -f2 | xxd -r -p | encode)
printf '{"kty":"RSA","n":"%s","e":"AQAB"}\n' "$n" > public.jwk
openssl rsa -in "$private" -pubout -out public.pem 2>/dev/null

for algorithm in RS256 RS384 RS512 PS256 PS384 PS512; do
    hash=sha${algorithm#?S}
    options=()
    case $algorithm in
        PS*) options=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest) ;;
    esac
    header=$(printf '{"alg":"%s"}' "$algorithm" | encode)
    payload=$(printf '{"sub":"user-1","exp":1767226500}' | encode)
    signature=$(printf '%s.%s' "$header" "$payload" |
        openssl dgst "-$hash" -sign "$private" "${options[@]}" -binary | encode)
    printf '%s.%s.%s\n' "$header" "$payload" "$signature"
done > tokens.txt
