[ "$(stat -c %U:%a /var/lib/rt)" = root:700 ] && [ "$(stat -c %G:%a /home/newcomer)" = newcomer:700 ]
