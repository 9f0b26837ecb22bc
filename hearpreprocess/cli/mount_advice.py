"""Which setting of a shared file system fixes a problem, by the kind of the file system and its present options.

Sources: nfs(5), flock(2), mount.lustre(8), mount.cifs(8), sshfs(1), mount.glusterfs(8), beegfs-client.conf.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hearpreprocess.sharing import Greeting, Mount

_NFS, _SMB, _GLUSTER = ("nfs", "nfs4"), ("cifs", "smb3", "smbfs"), ("fuse.glusterfs",)
_CEPH, _BEEGFS = ("ceph", "fuse.ceph", "fuse.ceph-fuse"), ("beegfs", "fhgfs")
_SSHFS = ("fuse.sshfs", "sshfs", "macfuse", "osxfuse")
_OBJECT_STORES = ("fuse.s3fs", "fuse.gcsfuse", "fuse.goofys", "fuse.geesefs", "fuse.rclone", "fuse.blobfuse2")
_OTHER_DIRECTORY = "use a directory on NFS, Lustre, CephFS, GlusterFS, or another file system whose locks all hosts see"
_ASK = "ask the administrator of the file system which option makes {0}"


@dataclass(frozen=True)
class _Advice:
    """What to do. `is_certain`: the present options are the cause."""

    text: str
    is_certain: bool = False


def for_locks(greetings: Sequence[Greeting]) -> str:
    """What makes the locks of one host visible on another."""
    return _joined(greetings, _for_locks)


def for_delays(greetings: Sequence[Greeting]) -> str:
    """What makes one host see sooner what another has changed."""
    return _joined(greetings, _for_delays)


def _joined(greetings: Sequence[Greeting], advice_for: Callable[[Mount], _Advice]) -> str:
    """The advice for the mounts of some hosts: only that on options known as the cause, if there are any."""
    of_hosts = [(greeting, advice_for(greeting.mount)) for greeting in greetings]
    causes = [(greeting, advice) for greeting, advice in of_hosts if advice.is_certain]
    hosts_by_text: dict[str, list[str]] = {}
    for greeting, advice in causes or of_hosts:
        hosts_by_text.setdefault(advice.text, []).append(greeting.host.name)
    texts = [
        f"on {', '.join(dict.fromkeys(hosts))}: {text}" if causes or len(hosts_by_text) > 1 else text
        for text, hosts in hosts_by_text.items()
    ]
    if any(greeting.in_kubernetes for greeting in greetings):
        texts.append("in Kubernetes, set options in `mountOptions` of the PersistentVolume or StorageClass")
    return "; ".join(texts)


def _for_locks(mount: Mount) -> _Advice:
    kind = mount.kind
    if kind in _NFS:
        return _for_locks_of_nfs(mount)
    if kind == "lustre":
        is_cause = mount.option("flock") is None
        present = next((f", not {name}" for name in ("localflock", "noflock") if mount.option(name) is not None), "")
        return _Advice(f"mount Lustre with the option flock{present}", is_cause)
    if kind in _SMB:
        if mount.option("nobrl") is not None:
            return _Advice("mount SMB without the option nobrl", is_certain=True)
        return _Advice("SMB shows locks of other hosts from Linux 5.5 on; update the kernel, or use NFS")
    if kind in _BEEGFS:
        return _Advice("set tuneUseGlobalFileLocks = true in beegfs-client.conf, and mount BeeGFS again")
    if kind in _SSHFS:
        return _Advice(f"sshfs keeps locks on each host; {_OTHER_DIRECTORY}", is_certain=True)
    if kind in _OBJECT_STORES:
        return _Advice(f"{kind} has no locks that other hosts see; {_OTHER_DIRECTORY}", is_certain=True)
    if kind in (*_CEPH, *_GLUSTER):
        return _Advice(f"locks are shared by default; {_ASK.format('flock work across hosts')}")
    return _Advice(_OTHER_DIRECTORY)


def _for_locks_of_nfs(mount: Mount) -> _Advice:
    if mount.option("nolock") is not None:
        return _Advice("mount NFS without the option nolock", is_certain=True)
    local = mount.option("local_lock")
    if local in ("all", "flock"):
        return _Advice(f"mount NFS with local_lock=none, not local_lock={local}", is_certain=True)
    return _Advice(
        "mount NFS with vers=4.2, whose locks need no other service; for NFS 3, start rpc.statd on server and hosts"
    )


def _for_delays(mount: Mount) -> _Advice:
    kind = mount.kind
    if kind in _NFS:
        return _Advice("mount NFS with actimeo=1; for new files alone, lookupcache=positive is enough")
    if kind in _SMB:
        return _Advice("mount SMB with actimeo=1 and cache=strict")
    if kind in _SSHFS:
        return _Advice("mount with `sshfs -o dir_cache=no,entry_timeout=0,attr_timeout=0`")
    if kind in _GLUSTER:
        return _Advice("mount GlusterFS with attribute-timeout=0,entry-timeout=0")
    return _Advice(_ASK.format("changes of one host visible on another within a second"))
