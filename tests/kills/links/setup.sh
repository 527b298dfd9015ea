mkdir -p /srv/site/releases/1/deep/er /srv/site/old
for n in 1 2 3; do echo $n > /srv/site/releases/1/deep/er/$n; echo $n > /srv/site/old/$n; done
ln -s releases/1 /srv/site/current
echo plain > /etc/becomes-a-link
