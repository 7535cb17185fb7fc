#!/bin/bash
# run.sh [SMALL [LARGE]]: converts an archive with a Slurm array of 4 tasks on this machine. The merged report must
# equal that of a single run. Needs root and Debian's slurm-wlm and munge; prints the reason if it is skipped.
set -eu
cd "$(dirname "$0")/../.."
small=${1:-1000} large=${2:-4}

skip() {
    echo "slurm: skipped: $1"
    exit 0
}
[ "$(id -u)" -eq 0 ] || skip "only root starts slurmctld and slurmd for others"
for tool in munged slurmctld slurmd sbatch xmllint; do
    PATH=$PATH:/usr/sbin command -v $tool >/dev/null || skip "no $tool (packages slurm-wlm, munge, libxml2-utils)"
done
program=$PWD/build/release/bin/convert-legacy-stream
[ -x "$program" ] || skip "no $program: cmake --preset release && cmake --build --preset release"

work=$(mktemp -d)
daemons=""
finish() {
    # shellcheck disable=SC2086
    [ -z "$daemons" ] || kill $daemons 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap finish EXIT
export SLURM_CONF=$work/slurm.conf PATH=$PATH:/usr/sbin

start_munge() {
    dd if=/dev/urandom of="$work/munge.key" bs=1024 count=1 status=none
    chown -R munge: "$work/munge.key" && chmod 400 "$work/munge.key"
    mkdir -p "$work/munge" && chown munge: "$work/munge" && chmod 755 "$work" "$work/munge"
    runuser -u munge -- munged --foreground --key-file="$work/munge.key" --socket="$work/munge/socket" \
        --pid-file="$work/munge/pid" --log-file="$work/munge/log" --seed-file="$work/munge/seed" 2>/dev/null &
    daemons="$daemons $!"
}

start_slurm() {
    mkdir -p "$work/state" "$work/spool"
    cat >"$SLURM_CONF" <<EOF
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
MpiDefault=none
ReturnToService=2
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
EOF
    echo "CgroupPlugin=cgroup/v1" >"$work/cgroup.conf"
    slurmctld -D 2>/dev/null &
    daemons="$daemons $!"
    slurmd -D 2>/dev/null &
    daemons="$daemons $!"
}

wait_for_node() {
    for _ in $(seq 60); do
        [ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && return
        sleep 0.5
    done
    tail -n 20 "$work"/slurm*.log
    skip "no idle node after 30 s (see above)"
}

/usr/bin/python3 tests/kit/archive.py "$work/old" --small "$small" --large "$large" --size 16M
"$program" -i "$work/old" -o "$work/single" -q --report "$work/single.xml" 2>/dev/null || [ $? -eq 1 ]
start_munge
sleep 1
start_slurm
wait_for_node
# The command of docs/batch.md; --shard auto detects the shard of the task.
cat >"$work/job" <<EOF
#!/bin/sh
exec $program -i $work/old -o $work/new -j 1 -q --shard auto --report $work/part-\$SLURM_ARRAY_TASK_ID.jsonl
EOF
sbatch --wait --array=1-4 --output="$work/%a.log" "$work/job" || [ $? -eq 1 ] # 1: some saves are broken
"$program" --merge-reports "$work/merged.xml" "$work"/part-*.jsonl
tests/slurm/compare.py "$work/single.xml" "$work/merged.xml" "$work/single" "$work/new"
wc -l "$work"/part-*.jsonl
