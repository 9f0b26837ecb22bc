# Exports the file systems on the guest's disks over NFS 3 and 4: serve_nfs.sh FOLDER...
set -e
mkdir -p /mnt/export /var/lib/nfs/{v4recovery,rpc_pipefs,nfsdcltrack}
touch /var/lib/nfs/{etab,rmtab}
mount -t tmpfs tmpfs /mnt/export
modprobe -d /mnt/modules nfsd
mount -t nfsd nfsd /proc/fs/nfsd
mount -t rpc_pipefs rpc_pipefs /var/lib/nfs/rpc_pipefs
options=rw,no_root_squash,insecure,no_subtree_check
exportfs -o $options,fsid=0 "*:/mnt/export"
disks=(/dev/ubda /dev/ubdb /dev/ubdc)
number=0
for folder in "$@"; do
  mkdir "/mnt/export/$folder"
  mount "${disks[number]}" "/mnt/export/$folder"
  number=$((number + 1))
  exportfs -o $options,fsid=$number "*:/mnt/export/$folder"
done
rpcbind -w
rpc.nfsd --grace-time 10 --lease-time 10 4
rpc.mountd
