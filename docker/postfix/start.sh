#!/bin/sh
# Mail for REPLY_DOMAIN goes to GATEWAY (host:port), and all other mail to RELAYHOST, such as [mailcatcher]:1025.
set -eu
# Debian's init script copies resolv.conf into the chroot of the services. A container has no init script, so a service in a
# chroot could not resolve names.
postconf -F "*/*/chroot = n"
postconf -e "maillog_file = /dev/stdout" "myhostname = ${HOSTNAME}" "mydestination =" "inet_interfaces = all" \
  "mynetworks = 127.0.0.0/8 ${TRUSTED_NETWORKS:-}" "relay_domains = ${REPLY_DOMAIN}" "relay_recipient_maps =" \
  "transport_maps = inline:{ ${REPLY_DOMAIN}=smtp:[${GATEWAY%:*}]:${GATEWAY##*:} }" "relayhost = ${RELAYHOST:-}" \
  "message_size_limit = 26214400" "smtp_send_xforward_command = no"
exec postfix start-fg
