"""Several hosts on one machine: `make test-hosts`. They need root and Debian's packages, and are skipped without.

`network.py`: hosts as namespaces on a bridge. `guests.py`: hosts as user-mode Linux, which has an NFS server and client
where the kernel of the machine has none. `programs.py`: programs at work on a host. `runs.py`: hearpreprocess and
luigid on hosts. `missing.py`: what the machine lacks.
"""
