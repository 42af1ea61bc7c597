#!/bin/sh
# Lint the page's JavaScript where npm can bring eslint, or has brought it; else say why not.
without() { echo "JavaScript was not linted: $1"; exit 0; }
command -v npm >/dev/null 2>&1 || without "no npm here"
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
    || without "eslint needs Node 20.19 or newer, and here is $(node --version)"
if ! cmp -s package-lock.json node_modules/.installed; then
    echo "installing eslint into node_modules/"
    npm ci --silent --no-audit --no-fund --fetch-retries 1 --fetch-timeout 30000 >/dev/null 2>&1 \
        || without "npm could not install eslint; is the registry out of reach?"
    cp package-lock.json node_modules/.installed
fi
node_modules/.bin/eslint space training docs tests eslint.config.js
