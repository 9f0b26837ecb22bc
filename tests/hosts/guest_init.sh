#!/bin/bash
# The first process of a guest. Its root is that of the machine, read-only; the folder of the suite alone can be written.
# It reads the numbers of jobs from its console, runs their scripts, and leaves their output and status beside them.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/mnt/home TMPDIR=/mnt/tmp PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
for folder in /run /mnt /var/tmp /var/lib/nfs; do mount -t tmpfs tmpfs $folder; done
mkdir -p /mnt/home /mnt/tmp /mnt/jobs /mnt/modules/lib /run/lock /run/rpcbind
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t hostfs -o "$GUEST_FOLDER" none "$GUEST_FOLDER"
hostname "$GUEST_NAME"
ip link set lo up
ip addr add "$GUEST_ADDRESS/24" dev eth0
ip link set eth0 up
ln -s /usr/lib/uml/modules /mnt/modules/lib/modules
for module in nfsv4 nfsv3; do modprobe -d /mnt/modules $module; done
while read -r number; do
  job=$GUEST_JOBS/$number
  {
    setsid bash "$job.sh" </dev/null >/mnt/jobs/$number 2>&1
    echo $? >"$job.ending"
    cp /mnt/jobs/$number "$job.output"
    mv "$job.ending" "$job.status"
  } &
done
