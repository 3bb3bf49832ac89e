# Runs inside a bare Debian with systemd, as root, once it has started. bare_root.py puts the packages in /packages.
# Does what an administrator does, and says "ok: …" of what it saw. The last line is "ok: all".
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
state=/var/lib/shoal-peer

ok() { echo "ok: $*"; }
fail() {
  echo "FAILED: $*"
  systemctl --no-pager --full status shoal-peer shoal-tracker || true
  journalctl --no-pager -n 60 || true
  exit 1
}
# Waits until the words succeed, for at most 60 seconds.
until_so() {
  local tries
  for ((tries = 0; tries < 600; ++tries)); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  fail "waited for: $*"
}
of() { systemctl show --property "$2" --value "$1"; }
peer() { shoal "$@" --state "$state"; }

# apt has fetched what the package depends on.
dpkg --install /var/cache/apt/archives/*.deb /packages/shoal.deb >/apt.log 2>&1 || fail "installing: $(cat /apt.log)"
for unit in shoal-tracker shoal-peer; do
  if systemctl is-active --quiet $unit || systemctl is-enabled --quiet $unit; then fail "$unit is on after installing"; fi
done
ok "installing starts and enables nothing"

# What README says.
sed -i 's/^#tracker = .*/tracker = 127.0.0.1:7000/' /etc/shoal/peer.ini
systemctl enable --now shoal-tracker shoal-peer 2>/dev/null || fail "enable --now"
[ "$(of shoal-peer StatusText)" = "listens on [::]:7001" ] || fail "status text: $(of shoal-peer StatusText)"
until_so eval 'peer status | grep -q "127.0.0.1:7000: connected"'
ok "enable --now starts both; they say READY=1 and: $(of shoal-peer StatusText); root sees them: $(peer status | grep -m1 -i tracker)"

user=$(stat -c %u "/proc/$(of shoal-peer MainPID)")
[ "$user" -ne 0 ] || fail "the peer runs as root"
[ "$(stat -c %u $state/)" = "$user" ] || fail "the state belongs to $(stat -c %u $state/)"
grep -q '^NoNewPrivs:.1' "/proc/$(of shoal-peer MainPID)/status" || fail "it may get new privileges"
grep -q '^CapBnd:.0*$' "/proc/$(of shoal-peer MainPID)/status" || fail "it has capabilities"
# A machine may allow less to systemd itself.
files=$(awk '/^Max open files/ { print ($5 < 65536 ? $5 : 65536) }' /proc/1/limits)
grep -q "^Max open files *$files *$files" "/proc/$(of shoal-peer MainPID)/limits" || fail "limits of files"
if runuser -u nobody -- shoal status --state $state >/said 2>&1; then fail "nobody talks to the peer"; fi
ok "the peer runs as user $user without privileges; another user is told: $(cat /said)"

mkdir -p /srv/models
head -c 20000000 /dev/urandom >/srv/models/one.bin
head -c 30000000 /dev/urandom >/srv/models/two.bin
peer add /srv/models/one.bin >/dev/null || fail "add"
# Another peer of this machine, without a service.
shoal peer --no-console --state /tmp/other --dir /tmp/other.dir --tracker 127.0.0.1:7000 --share /srv/models/two.bin \
  >/dev/null 2>&1 </dev/null &
other=$!
until_so eval 'shoal list --state /tmp/other | grep -q one.bin'
shoal download one.bin --state /tmp/other >/dev/null 2>&1 || fail "download from the service"
cmp /srv/models/one.bin /tmp/other.dir/one.bin || fail "it arrived wrong"
until_so eval 'peer list | grep -q two.bin'
peer download two.bin >/dev/null 2>&1 || fail "download by the service"
cmp /srv/models/two.bin $state/downloads/two.bin || fail "it arrived wrong"
kill $other
ok "the service shares a file of the machine, and downloads into $state/downloads; bytes are the same"

exec 3<>/dev/tcp/127.0.0.1/7001
printf 'GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
grep -q '^process_start_time_seconds' <&3 || fail "metrics lack the start of the process"
exec 3<&-
ok "HTTP answers, and nothing that metrics read is hidden from the service"

before=$(of shoal-peer MainPID)
kill -KILL "$before"
until_so eval '[ "$(of shoal-peer NRestarts)" = 1 ] && systemctl is-active --quiet shoal-peer'
[ "$(of shoal-peer MainPID)" != "$before" ] || fail "it is the same process"
[ "$(cat /run/shoal-peer/failures)" = 1 ] || fail "back-off counted $(cat /run/shoal-peer/failures)"
until_so eval 'journalctl --no-pager -u shoal-peer | grep -q "back-off.*waits 2 s"'
until_so eval 'peer list | grep -q two.bin'
ok "killed, the peer is started again after a pause, and has its shares"

begun=$(date +%s%N)
systemctl stop shoal-peer
took=$((($(date +%s%N) - begun) / 1000000))
[ "$(of shoal-peer Result)" = success ] && [ "$(of shoal-peer ExecMainStatus)" = 0 ] || fail "it ended badly"
[ "$took" -lt 2000 ] || fail "it took $took ms to stop"
[ ! -e /run/shoal-peer/failures ] || fail "a stop does not forget failures"
ok "systemctl stop takes $took ms and is a success"

cp /etc/shoal/peer.ini /peer.ini
echo 'wrong = 1' >>/etc/shoal/peer.ini
if systemctl start shoal-peer 2>/dev/null; then fail "it starts with wrong settings"; fi
# A service that systemd starts again is "activating" instead.
until_so eval '[ "$(of shoal-peer ActiveState)" = failed ]'
until_so eval 'journalctl --no-pager -u shoal-peer | grep -q "peer.ini, line .*unknown setting"'
cp /peer.ini /etc/shoal/peer.ini
systemctl start shoal-peer || fail "it does not start with its settings mended"
ok "wrong settings are an error in the log, and no loop of restarts"

# The key of a private swarm, as README.Debian says.
shoal keygen /etc/shoal/swarm.key >/dev/null
for name in peer tracker; do
  mkdir -p /etc/systemd/system/shoal-$name.service.d
  printf '[Service]\nLoadCredential=swarm.key:/etc/shoal/swarm.key\n' >/etc/systemd/system/shoal-$name.service.d/key.conf
  cp /etc/shoal/$name.ini /$name.ini
  echo "key = /run/credentials/shoal-$name.service/swarm.key" >>/etc/shoal/$name.ini
done
systemctl daemon-reload
systemctl restart shoal-tracker shoal-peer || fail "private swarm"
until_so eval 'peer status | grep -q "127.0.0.1:7000: connected"'
until_so eval 'peer keys | grep -q offered'
ok "systemd hands the key of a private swarm to both: $(peer keys | tail -1)"
for name in peer tracker; do
  rm -r /etc/systemd/system/shoal-$name.service.d
  cp /$name.ini /etc/shoal/$name.ini
done
rm /etc/shoal/swarm.key
systemctl daemon-reload
systemctl restart shoal-tracker shoal-peer

before=$(of shoal-peer MainPID)
dpkg --force-confold --install /packages/newer.deb >/apt.log 2>&1 || fail "upgrading: $(cat /apt.log)"
systemctl is-active --quiet shoal-peer && [ "$(of shoal-peer MainPID)" != "$before" ] || fail "it was not restarted"
systemctl is-active --quiet shoal-tracker && systemctl is-enabled --quiet shoal-peer || fail "services after the upgrade"
grep -q '^tracker = 127.0.0.1:7000' /etc/shoal/peer.ini || fail "the upgrade lost a setting"
until_so eval 'peer list | grep -q one.bin'
ok "an upgrade restarts what runs, keeps the settings, and the shares are back"

systemctl disable --now shoal-tracker 2>/dev/null
apt-get -q -y purge shoal >/apt.log 2>&1 || fail "purging: $(cat /apt.log)"
grep -q "your downloads are still in /var/lib/private/shoal-peer" /apt.log || fail "the purge says nothing: $(cat /apt.log)"
[ "$(find /var/lib/private/shoal-peer -mindepth 1 -maxdepth 1)" = /var/lib/private/shoal-peer/downloads ] || fail "state is left"
cmp /srv/models/two.bin /var/lib/private/shoal-peer/downloads/two.bin || fail "the download is lost"
[ -f /srv/models/one.bin ] || fail "the purge took what was shared"
left=$(find / -xdev \( -path /proc -o -path /sys -o -path /packages -o -path /var/cache -o -path /var/log \) -prune -o \
  -iname '*shoal*' -print | grep -v -e '^/var/lib/shoal-peer$' -e '^/var/lib/private/shoal-peer' || true)
[ -z "$left" ] || fail "the purge leaves $left"
if pgrep -x shoal >/dev/null 2>&1; then fail "a process is left"; fi
ok "a purge keeps downloads and says where; nothing else is left"

# Once more, without downloads.
rm -r /var/lib/private/shoal-peer/downloads
dpkg --install /packages/shoal.deb >/apt.log 2>&1 || fail "installing again"
systemctl start shoal-peer || fail "start"
apt-get -q -y purge shoal >/apt.log 2>&1 || fail "purging again"
if [ -e /var/lib/shoal-peer ] || [ -L /var/lib/shoal-peer ] || [ -e /var/lib/private/shoal-peer ] || [ -e /etc/shoal ]; then
  fail "something is left: $(ls -d /var/lib/*shoal* /var/lib/private/*shoal* /etc/shoal 2>/dev/null)"
fi
ok "without downloads a purge leaves nothing"
ok all
