#!/bin/sh
# Looks every locked and hashed dependency up among known vulnerabilities. Ends with 1 when one is found. When the index cannot be
# reached it says so and ends with 0: a machine without the internet is no reason to fail.
set -eu
requirements=$(mktemp)
report=$(mktemp)
trap 'rm -f "$requirements" "$report"' EXIT

"$UV" export --frozen --no-dev --no-emit-project --quiet --format requirements-txt --output-file "$requirements"
if "$UV" tool run pip-audit --require-hashes --disable-pip --progress-spinner off -r "$requirements" >"$report" 2>&1; then
    cat "$report"
elif grep -qE '^Name +Version +ID' "$report"; then
    cat "$report"
    exit 1
else
    tail -n 3 "$report"
    echo "The dependencies could not be looked up: the index cannot be reached."
fi
