for name in old1 old2; do
  update-rc.d -f $name remove
  printf '#!/bin/sh\n### BEGIN INIT INFO\n# Provides: %s\n# Required-Start:\n# Required-Stop:\n# Default-Start: 2 3 4 5\n# Default-Stop:\n### END INIT INFO\n[ "$1" != start ] || exec sleep infinity &\n' $name > /etc/init.d/$name
  chmod 755 /etc/init.d/$name
done
update-rc.d old2 defaults
systemctl daemon-reload
