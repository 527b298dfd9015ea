groupadd -g 4000 old && useradd -m -u 4000 -g old old && touch /home/old/mail
useradd -m -u 4050 stays
printf '%s\n' 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3KqTLLzU1s3d1dEYFUcN2E2ZmVzdGtleWFuZG5vdGhq other@home' > /home/stays/keys
