#!/bin/sh
# REPLY_DOMAIN: what is handed to GATEWAY (host:port). RELAYHOST: where everything else goes, such as [mailcatcher]:1025.
set -eu
# Debian's services live in a chroot whose resolv.conf its init script copies; a container has none, and no name would be found.
postconf -F "*/*/chroot = n"
postconf -e "maillog_file = /dev/stdout" "myhostname = ${HOSTNAME}" "mydestination =" "inet_interfaces = all" \
  "mynetworks = 127.0.0.0/8 ${TRUSTED_NETWORKS:-}" "relay_domains = ${REPLY_DOMAIN}" "relay_recipient_maps =" \
  "transport_maps = inline:{ ${REPLY_DOMAIN}=smtp:[${GATEWAY%:*}]:${GATEWAY##*:} }" "relayhost = ${RELAYHOST:-}" \
  "message_size_limit = 26214400" "smtp_send_xforward_command = no"
exec postfix start-fg
