mkdir -p /srv/queue; for n in 1 2 3; do echo $n > /srv/queue/$n; done
touch /srv/stale
