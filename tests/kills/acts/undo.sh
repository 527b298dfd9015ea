rm -f /srv/key /srv/made.*
