# A restart that goes on without the run that asked for it stops its unit for a moment.
H() { "$CONVERGE" lab ssh --name "$LAB" "$HOST" -- sh -c "$1"; }
H 'systemctl restart --no-block slow; until [ "$(systemctl show -P ActiveState slow)" = deactivating ]; do :; done'
said=$("$CONVERGE" -i "$INVENTORY" --roles-path roles --check --detailed-exitcode 2>&1) || { echo "it is not as declared: $said"; exit 1; }
H 'systemctl is-active -q slow' || { echo "it was not waited for"; exit 1; }
