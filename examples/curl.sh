#!/bin/sh
# With nothing but curl: the models on offer, an answer as it is made, and one in a piece with what it cost.
set -eu
url=${TROOP_URL:-http://127.0.0.1:9000}
key="authorization: Bearer ${TROOP_API_KEY:-any}"
first() { curl --silent --fail-with-body -H "$key" "$url/v1/models" | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4; }
model=${TROOP_MODEL:-$(first)}

ask() {
  curl --silent --show-error --fail-with-body --no-buffer "$url/v1/chat/completions" "$@" \
    -H "$key" -H 'content-type: application/json'
}
ask -d "{\"model\": \"$model\", \"stream\": true, \"messages\": [{\"role\": \"user\", \"content\": \"What is a ticket?\"}]}"
# In the headers: x-troop-node answered, and x-troop-cost is what it took, in credits.
ask -i -d "{\"model\": \"$model\", \"messages\": [{\"role\": \"user\", \"content\": \"What is a credit?\"}]}"
