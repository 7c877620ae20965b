/* The system call table: o32 numbers less 4000. */
#include "kernel.h"

/* Handlers take what they need of the four register arguments. */
typedef long (*handler)(u32, u32, u32, u32);
#define CALL(number, function) [number] = (handler)function

long call_unknown(void) {
    HOST(HOST_UNKNOWN, current->call, 0, 0, 0);
    return -ENOSYS;
}

const handler calls[CALL_COUNT] = {
    [0 ... CALL_COUNT - 1] = (handler)call_unknown,
    CALL(1, sys_exit),
    CALL(3, sys_read),
    CALL(4, sys_write),
    CALL(5, sys_open),
    CALL(6, sys_close),
    CALL(13, sys_time),
    CALL(19, sys_lseek),
    CALL(20, sys_getpid),
    CALL(24, sys_id), /* getuid */
    CALL(27, sys_alarm),
    CALL(29, sys_pause),
    CALL(33, sys_path_first), /* access */
    CALL(37, sys_kill),
    CALL(41, sys_dup),
    CALL(42, sys_pipe),
    CALL(43, sys_times),
    CALL(45, sys_brk),
    CALL(47, sys_id), /* getgid */
    CALL(49, sys_id), /* geteuid */
    CALL(50, sys_id), /* getegid */
    CALL(54, sys_ioctl),
    CALL(55, sys_fcntl),
    CALL(60, sys_umask),
    CALL(63, sys_dup2),
    CALL(64, sys_getppid),
    CALL(65, sys_getpid), /* getpgrp */
    CALL(75, sys_setrlimit),
    CALL(76, sys_getrlimit),
    CALL(77, sys_getrusage),
    CALL(78, sys_gettimeofday),
    CALL(80, sys_getgroups),
    CALL(85, sys_path_first), /* readlink */
    CALL(90, sys_mmap),
    CALL(91, sys_munmap),
    CALL(93, sys_ftruncate64), /* ftruncate */
    CALL(104, sys_setitimer),
    CALL(105, sys_getitimer),
    CALL(106, sys_path_first), /* stat */
    CALL(107, sys_path_first), /* lstat */
    CALL(116, sys_sysinfo),
    CALL(118, sys_fsync),
    CALL(120, call_clone),
    CALL(122, sys_uname),
    CALL(125, sys_mprotect),
    CALL(132, sys_getpgid),
    CALL(140, sys_llseek),
    CALL(142, sys_select), /* _newselect */
    CALL(144, sys_msync),
    CALL(145, sys_readv),
    CALL(146, sys_writev),
    CALL(151, sys_getpgid), /* getsid */
    CALL(152, sys_fsync), /* fdatasync */
    CALL(154, sys_mlock),
    CALL(155, sys_munlock),
    CALL(156, sys_mlockall),
    CALL(157, sys_munlockall),
    CALL(162, sys_sched_yield),
    CALL(166, sys_nanosleep),
    CALL(167, sys_mremap),
    CALL(186, sys_getres), /* getresuid */
    CALL(188, sys_poll),
    CALL(191, sys_getres), /* getresgid */
    CALL(192, sys_prctl),
    CALL(193, call_sigreturn),
    CALL(194, sys_rt_sigaction),
    CALL(195, sys_rt_sigprocmask),
    CALL(196, sys_rt_sigpending),
    CALL(197, sys_rt_sigtimedwait),
    CALL(198, sys_rt_sigqueueinfo),
    CALL(199, sys_rt_sigsuspend),
    CALL(200, sys_pread64),
    CALL(201, sys_pwrite64),
    CALL(203, sys_getcwd),
    CALL(206, sys_sigaltstack),
    CALL(210, sys_mmap2),
    CALL(212, sys_ftruncate64),
    CALL(213, sys_path_first), /* stat64 */
    CALL(214, sys_path_first), /* lstat64 */
    CALL(215, sys_fstat64),
    CALL(217, sys_mincore),
    CALL(218, sys_madvise),
    CALL(220, sys_fcntl), /* fcntl64 */
    CALL(222, sys_gettid),
    CALL(236, sys_tkill),
    CALL(238, sys_futex),
    CALL(239, sys_sched_setaffinity),
    CALL(240, sys_sched_getaffinity),
    CALL(246, sys_exit_group),
    CALL(248, sys_epoll_create),
    CALL(249, sys_epoll_ctl),
    CALL(250, sys_epoll_wait),
    CALL(252, sys_set_tid_address),
    CALL(257, sys_timer_create),
    CALL(258, sys_timer_settime),
    CALL(259, sys_timer_gettime),
    CALL(260, sys_timer_getoverrun),
    CALL(261, sys_timer_delete),
    CALL(263, sys_clock_gettime),
    CALL(264, sys_clock_getres),
    CALL(265, sys_clock_nanosleep),
    CALL(266, sys_tgkill),
    CALL(283, sys_set_thread_area),
    CALL(288, sys_openat),
    CALL(293, sys_path_second), /* fstatat64 */
    CALL(298, sys_path_second), /* readlinkat */
    CALL(300, sys_path_second), /* faccessat */
    CALL(301, sys_pselect6),
    CALL(302, sys_ppoll),
    CALL(312, sys_getcpu),
    CALL(313, sys_epoll_pwait),
    CALL(319, sys_eventfd),
    CALL(325, sys_eventfd2),
    CALL(326, sys_epoll_create1),
    CALL(327, sys_dup3),
    CALL(328, sys_pipe2),
    CALL(332, sys_rt_tgsigqueueinfo),
    CALL(338, sys_prlimit64),
    CALL(353, sys_getrandom),
    CALL(359, sys_mlock2),
    CALL(366, sys_statx),
    CALL(403, sys_clock_gettime64),
    CALL(406, sys_clock_getres64),
    CALL(407, sys_clock_nanosleep64),
    CALL(408, sys_timer_gettime64),
    CALL(409, sys_timer_settime64),
    CALL(413, sys_pselect6_64),
    CALL(414, sys_ppoll64),
    CALL(421, sys_rt_sigtimedwait64),
    CALL(422, sys_futex64),
    CALL(439, sys_path_second), /* faccessat2 */
    CALL(441, sys_epoll_pwait2),
};
