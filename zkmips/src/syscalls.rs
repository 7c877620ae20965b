//! The system calls of Linux/MIPS o32: their names, for people, and which of them the kernel has.

use std::collections::BTreeSet;
use zkmips_emulator::{constants, elf, kernel_image, ByteOrder};

/// The number of the first call.
const BASE: u32 = 4000;

/// Names by number less [`BASE`], as `asm/unistd_o32.h` of the Linux kernel has them; empty where there is none.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "syscall", "exit", "fork", "read", "write", "open", "close", "waitpid", "creat", "link", "unlink", "execve",
    "chdir", "time", "mknod", "chmod", "lchown", "break", "unused18", "lseek", "getpid", "mount", "umount", "setuid",
    "getuid", "stime", "ptrace", "alarm", "unused28", "pause", "utime", "stty", "gtty", "access", "nice", "ftime",
    "sync", "kill", "rename", "mkdir", "rmdir", "dup", "pipe", "times", "prof", "brk", "setgid", "getgid", "signal",
    "geteuid", "getegid", "acct", "umount2", "lock", "ioctl", "fcntl", "mpx", "setpgid", "ulimit", "unused59",
    "umask", "chroot", "ustat", "dup2", "getppid", "getpgrp", "setsid", "sigaction", "sgetmask", "ssetmask",
    "setreuid", "setregid", "sigsuspend", "sigpending", "sethostname", "setrlimit", "getrlimit", "getrusage",
    "gettimeofday", "settimeofday", "getgroups", "setgroups", "reserved82", "symlink", "unused84", "readlink",
    "uselib", "swapon", "reboot", "readdir", "mmap", "munmap", "truncate", "ftruncate", "fchmod", "fchown",
    "getpriority", "setpriority", "profil", "statfs", "fstatfs", "ioperm", "socketcall", "syslog", "setitimer",
    "getitimer", "stat", "lstat", "fstat", "unused109", "iopl", "vhangup", "idle", "vm86", "wait4", "swapoff",
    "sysinfo", "ipc", "fsync", "sigreturn", "clone", "setdomainname", "uname", "modify_ldt", "adjtimex", "mprotect",
    "sigprocmask", "create_module", "init_module", "delete_module", "get_kernel_syms", "quotactl", "getpgid",
    "fchdir", "bdflush", "sysfs", "personality", "afs_syscall", "setfsuid", "setfsgid", "_llseek", "getdents",
    "_newselect", "flock", "msync", "readv", "writev", "cacheflush", "cachectl", "sysmips", "unused150", "getsid",
    "fdatasync", "_sysctl", "mlock", "munlock", "mlockall", "munlockall", "sched_setparam", "sched_getparam",
    "sched_setscheduler", "sched_getscheduler", "sched_yield", "sched_get_priority_max", "sched_get_priority_min",
    "sched_rr_get_interval", "nanosleep", "mremap", "accept", "bind", "connect", "getpeername", "getsockname",
    "getsockopt", "listen", "recv", "recvfrom", "recvmsg", "send", "sendmsg", "sendto", "setsockopt", "shutdown",
    "socket", "socketpair", "setresuid", "getresuid", "query_module", "poll", "nfsservctl", "setresgid", "getresgid",
    "prctl", "rt_sigreturn", "rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigtimedwait", "rt_sigqueueinfo",
    "rt_sigsuspend", "pread64", "pwrite64", "chown", "getcwd", "capget", "capset", "sigaltstack", "sendfile",
    "getpmsg", "putpmsg", "mmap2", "truncate64", "ftruncate64", "stat64", "lstat64", "fstat64", "pivot_root",
    "mincore", "madvise", "getdents64", "fcntl64", "reserved221", "gettid", "readahead", "setxattr", "lsetxattr",
    "fsetxattr", "getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr", "removexattr",
    "lremovexattr", "fremovexattr", "tkill", "sendfile64", "futex", "sched_setaffinity", "sched_getaffinity",
    "io_setup", "io_destroy", "io_getevents", "io_submit", "io_cancel", "exit_group", "lookup_dcookie",
    "epoll_create", "epoll_ctl", "epoll_wait", "remap_file_pages", "set_tid_address", "restart_syscall", "fadvise64",
    "statfs64", "fstatfs64", "timer_create", "timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete",
    "clock_settime", "clock_gettime", "clock_getres", "clock_nanosleep", "tgkill", "utimes", "mbind", "get_mempolicy",
    "set_mempolicy", "mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr",
    "vserver", "waitid", "", "add_key", "request_key", "keyctl", "set_thread_area", "inotify_init",
    "inotify_add_watch", "inotify_rm_watch", "migrate_pages", "openat", "mkdirat", "mknodat", "fchownat", "futimesat",
    "fstatat64", "unlinkat", "renameat", "linkat", "symlinkat", "readlinkat", "fchmodat", "faccessat", "pselect6",
    "ppoll", "unshare", "splice", "sync_file_range", "tee", "vmsplice", "move_pages", "set_robust_list",
    "get_robust_list", "kexec_load", "getcpu", "epoll_pwait", "ioprio_set", "ioprio_get", "utimensat", "signalfd",
    "timerfd", "eventfd", "fallocate", "timerfd_create", "timerfd_gettime", "timerfd_settime", "signalfd4",
    "eventfd2", "epoll_create1", "dup3", "pipe2", "inotify_init1", "preadv", "pwritev", "rt_tgsigqueueinfo",
    "perf_event_open", "accept4", "recvmmsg", "fanotify_init", "fanotify_mark", "prlimit64", "name_to_handle_at",
    "open_by_handle_at", "clock_adjtime", "syncfs", "sendmmsg", "setns", "process_vm_readv", "process_vm_writev",
    "kcmp", "finit_module", "sched_setattr", "sched_getattr", "renameat2", "seccomp", "getrandom", "memfd_create",
    "bpf", "execveat", "userfaultfd", "membarrier", "mlock2", "copy_file_range", "preadv2", "pwritev2",
    "pkey_mprotect", "pkey_alloc", "pkey_free", "statx", "rseq", "io_pgetevents", "", "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "semget", "semctl", "shmget", "shmctl", "shmat",
    "shmdt", "msgget", "msgsnd", "msgrcv", "msgctl", "clock_gettime64", "clock_settime64", "clock_adjtime64",
    "clock_getres_time64", "clock_nanosleep_time64", "timer_gettime64", "timer_settime64", "timerfd_gettime64",
    "timerfd_settime64", "utimensat_time64", "pselect6_time64", "ppoll_time64", "", "io_pgetevents_time64",
    "recvmmsg_time64", "mq_timedsend_time64", "mq_timedreceive_time64", "semtimedop_time64", "rt_sigtimedwait_time64",
    "futex_time64", "sched_rr_get_interval_time64", "pidfd_send_signal", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "pidfd_open", "clone3",
    "close_range", "openat2", "pidfd_getfd", "faccessat2", "process_madvise", "epoll_pwait2", "mount_setattr",
    "quotactl_fd", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "", "process_mrelease",
    "futex_waitv", "set_mempolicy_home_node",
];

/// What a system call is called: its name, or its number if it has none.
pub fn name(number: u32) -> String {
    let index = number.checked_sub(BASE).map(|index| index as usize);
    match index.and_then(|index| NAMES.get(index)) {
        Some(name) if !name.is_empty() => (*name).to_owned(),
        _ => number.to_string(),
    }
}

/// The numbers that the kernel of a byte order has a handler for: those whose entry in its table is not the one that answers ENOSYS.
pub fn supported(order: ByteOrder) -> BTreeSet<u32> {
    table(order).unwrap_or_default()
}

fn table(order: ByteOrder) -> Option<BTreeSet<u32>> {
    let (low, high) = (constants::KERNEL_START, constants::KERNEL_END);
    let kernel = elf::parse(kernel_image(order), low, high).ok()?;
    let named = |name: &str| kernel.symbols.iter().find(|symbol| symbol.name == name);
    let (calls, unknown) = (named("calls")?, named("call_unknown")?);
    let holds = |s: &&elf::Segment| calls.address.wrapping_sub(s.address) < s.memory_bytes;
    let segment = kernel.segments.iter().find(holds)?;
    let at = (calls.address - segment.address) as usize;
    let entries = segment.bytes.get(at..at + calls.size as usize)?;
    let handlers = entries
        .chunks_exact(4)
        .map(|word| order.word([word[0], word[1], word[2], word[3]]));
    let known = (BASE..)
        .zip(handlers)
        .filter(|(_, handler)| *handler != unknown.address);
    Some(known.map(|(number, _)| number).collect())
}

/// Calls by the number of their arguments, 0 to 6, separated by spaces. What is not here has four as far as anybody knows.
const ARGUMENTS: [&str; 7] = [
    "getpid getuid geteuid getgid getegid getppid gettid sched_yield pipe rt_sigreturn pause",
    "exit exit_group brk close time dup umask sysinfo uname set_tid_address set_thread_area epoll_create epoll_create1 eventfd unlink alarm times fsync fdatasync timer_getoverrun timer_delete",
    "access kill dup2 setrlimit getrlimit gettimeofday munmap stat lstat stat64 lstat64 nanosleep rt_sigpending rt_sigsuspend getcwd \
     sigaltstack fstat64 tkill clock_gettime clock_getres clock_gettime64 clock_getres_time64 eventfd2 pipe2 getitimer getrusage ftruncate timer_gettime timer_gettime64",
    "read write open lseek ioctl fcntl fcntl64 readlink mprotect msync readv writev getresuid getresgid poll mincore madvise \
     sched_getaffinity tgkill openat dup3 getrandom faccessat connect socket setitimer timer_create",
    "rt_sigaction rt_sigprocmask clock_nanosleep clock_nanosleep_time64 epoll_ctl epoll_wait prlimit64 fstatat64 readlinkat faccessat2 rt_sigtimedwait rt_sigtimedwait_time64 timer_settime timer_settime64",
    "clone prctl _llseek mremap ppoll ppoll_time64 statx _newselect",
    "mmap mmap2 pread64 pwrite64 futex futex_time64 epoll_pwait epoll_pwait2 pselect6 pselect6_time64",
];

/// How many arguments a system call has.
pub fn arguments(number: u32) -> usize {
    let name = name(number);
    let has = |names: &&str| names.split_whitespace().any(|known| known == name);
    ARGUMENTS.iter().position(has).unwrap_or(4)
}

/// Names of the errors that the kernel returns, by their Linux/MIPS number.
const ERRORS: [(u32, &str); 20] = [
    (1, "EPERM"),
    (2, "ENOENT"),
    (3, "ESRCH"),
    (4, "EINTR"),
    (9, "EBADF"),
    (11, "EAGAIN"),
    (12, "ENOMEM"),
    (14, "EFAULT"),
    (17, "EEXIST"),
    (19, "ENODEV"),
    (22, "EINVAL"),
    (24, "EMFILE"),
    (25, "ENOTTY"),
    (28, "ENOSPC"),
    (29, "ESPIPE"),
    (32, "EPIPE"),
    (34, "ERANGE"),
    (89, "ENOSYS"),
    (122, "EOPNOTSUPP"),
    (145, "ETIMEDOUT"),
];

/// What an error is called.
pub fn error(number: u32) -> String {
    match ERRORS.iter().find(|error| error.0 == number) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("error {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the kernel's source, as its handlers are listed there.
    #[test]
    fn the_kernels_table_is_found_in_its_image() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../kernel/src/calls.c");
        let source = std::fs::read_to_string(path).unwrap();
        let number = |line: &str| -> Option<u32> {
            let (number, _) = line.trim().strip_prefix("CALL(")?.split_once(',')?;
            Some(BASE + number.parse::<u32>().ok()?)
        };
        let listed: BTreeSet<u32> = source.lines().filter_map(number).collect();
        assert!(listed.len() > 80 && listed.contains(&4004) && !listed.contains(&4002));
        for order in ByteOrder::ALL {
            assert_eq!(supported(order), listed);
        }
    }

    #[test]
    fn calls_with_a_known_number_of_arguments_exist() {
        for known in ARGUMENTS.iter().flat_map(|names| names.split_whitespace()) {
            assert!(NAMES.contains(&known), "{known}");
        }
        assert_eq!([4003, 4210, 4020, 4999].map(arguments), [3, 6, 0, 4]);
    }

    #[test]
    fn names_and_numbers() {
        for (number, expected) in [
            (4004, "write"),
            (4246, "exit_group"),
            (4422, "futex_time64"),
        ] {
            assert_eq!(name(number), expected);
        }
        for number in [0, 3999, 4998, u32::MAX] {
            assert_eq!(name(number), number.to_string());
        }
    }
}
