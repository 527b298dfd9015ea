tr '\0' ' ' < /proc/$(systemctl show -p MainPID --value clock)/cmdline | grep 'sleep 100002'
