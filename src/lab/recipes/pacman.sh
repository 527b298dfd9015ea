# The pacman family is not built yet.
echo "the pacman family is not there yet" >&2
exit 1
