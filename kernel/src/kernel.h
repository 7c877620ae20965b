/* Types and functions of the kernel. One hart, one address space, no re-entrance: an exception is
 * handled to its end before user code runs again. */
#ifndef KERNEL_H
#define KERNEL_H

#include "layout.h"
#include "linux.h"

typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;
typedef unsigned long long u64;

#ifdef __MIPSEB__
#define HIGH_WORD 0 /* of a 64-bit value in memory */
#define LOW_WORD 1
#else
#define HIGH_WORD 1
#define LOW_WORD 0
#endif

#define WORD(address) (*(volatile u32 *)(address))

/* No 64-bit division (that would need libgcc): time is seconds and nanoseconds. */
struct time {
    u32 sec, nsec;
};

enum state { FREE, RUNNABLE, SLEEPING, ON_FUTEX, ON_FILE, POLLING, IN_SIGSUSPEND, IN_SIGWAIT };

/* Where a signal comes from: si_code and the three words of siginfo that follow. */
struct cause {
    u32 code, detail[3];
};

/* Where r[0], r[26] and r[27] would be there is room to spare. */
struct thread {
    u32 r[32]; /* layout.h repeats these offsets */
    u32 hi, lo, pc, tls, tid, call, argument3;
    enum state state;
    u32 in_call;           /* left the fast path: report the end of the call when resumed */
    u32 restarted;         /* a call that waits is run again, with the deadline it had */
    u32 progress;          /* bytes that a write which is run again has written already */
    u32 clear_tid;         /* CLONE_CHILD_CLEARTID */
    u32 futex, futex_bits; /* what it waits for */
    struct time deadline;
    u32 has_deadline;
    u32 remaining; /* user address for the time left when a sleep is interrupted */
    u32 remaining_wide;
    u32 mask[4], pending[4], wanted[4]; /* wanted: by sigwait */
    u32 information;                    /* user address for what sigwait received */
    u32 saved_mask[4], has_saved_mask;
    struct cause cause; /* of the last signal sent to it */
    u32 alt_stack, alt_size, alt_flags;
    u32 named, name[4]; /* by prctl */
    struct thread *next;
};

enum { V0 = 2, A0 = 4, A1, A2, A3, T9 = 25, SP = 29, RA = 31 };

extern struct thread *current;

/* A call that is run again and fails at once, as when another thread has closed the descriptor, forgets what it was. */
static inline long give_up(long error) {
    current->progress = current->restarted = 0;
    return error;
}

extern u32 text_range[2];
extern int time_left; /* until the next event; the dispatcher lowers it */

/* entry.S, and what it calls */
void stop(void) __attribute__((noreturn));
struct thread *start(void);
void check_snapshot(void);
struct thread *handle_trap(struct thread *t);
struct thread *leave_call(void);
struct thread *sys_sigreturn(void);
long sys_clone(u32 flags, u32 stack, u32 parent_tid, u32 tls);
long call_unknown(void);

/* Tells the host something; the machine ignores it. */
#define HOST(code, a, b, c, d)                                                                        \
    do {                                                                                              \
        register u32 a0_ __asm__("$4") = (u32)(a), a1_ __asm__("$5") = (u32)(b);                      \
        register u32 a2_ __asm__("$6") = (u32)(c), a3_ __asm__("$7") = (u32)(d);                      \
        __asm__ volatile("pref 31, %4($0)" ::"r"(a0_), "r"(a1_), "r"(a2_), "r"(a3_), "i"(code)         \
                         : "memory");                                                                 \
    } while (0)

/* copy.c: for kernel and user memory already checked */
void copy(void *to, const void *from, u32 length);
void zero(u32 start, u32 end); /* word-aligned */

/* user.c: user pointers */
static inline int user_bytes(u32 address, u32 length) {
    if (__builtin_constant_p(length) && length)
        return address - USER_START <= USER_END - USER_START - length;
    return address - USER_START < USER_END - USER_START && length <= USER_END - address;
}

/* Structures must be aligned: a misaligned word access would be a fault inside the kernel. */
static inline int user_words(u32 address, u32 count) {
    return !(address & 3) && user_bytes(address, 4 * count);
}

int user_string(u32 address);
int stack_argument(int index, u32 *value); /* arguments 4 and up of a call */

/* start.c */
u32 public_part(int part, u32 *length);
int executable(u32 address);
void finish(u32 status) __attribute__((noreturn));

/* memory.c */
void memory_start(u32 low, u32 end);
int memory_mapped(u32 address);
long sys_brk(u32), sys_mmap(u32, u32, u32, u32), sys_mmap2(u32, u32, u32, u32), sys_munmap(u32, u32);
long sys_mprotect(u32, u32, u32), sys_madvise(u32, u32, u32), sys_mremap(u32, u32, u32, u32);
long sys_msync(u32, u32, u32), sys_mincore(u32, u32, u32), sys_mlock(u32, u32), sys_munlock(u32, u32);
long sys_mlock2(u32, u32, u32), sys_mlockall(u32), sys_munlockall(void);

/* clock.c */
struct time now(void);
int before(struct time a, struct time b);
struct time after(struct time t, u32 sec, u32 nsec);
struct time until(struct time from, struct time to); /* zero if that is past */
struct time idle_time(void); /* how long every thread slept */
void pass(u32 nsec);
void skip_to(struct time t);
void plan(struct time event); /* sets time_left */
int read_time(u32 address, int wide, struct time *t);
int write_time(u32 address, int wide, struct time t);
long clock_of(u32 clock); /* the one that a number stands for, or -error */
int deadline_of(u32 clock, int absolute, struct time t, struct time *deadline);
long sys_time(u32), sys_gettimeofday(u32, u32), sys_getrusage(u32, u32), sys_times(u32);
long sys_clock_gettime(u32, u32), sys_clock_gettime64(u32, u32);
long sys_clock_getres(u32, u32), sys_clock_getres64(u32, u32);
long sys_nanosleep(u32, u32), sys_clock_nanosleep(u32, u32, u32, u32);
long sys_clock_nanosleep64(u32, u32, u32, u32);

/* thread.c */
extern struct thread threads[];
extern u32 thread_limit;
struct thread *thread_start(u32 pc, u32 sp);
struct thread *thread_by_tid(u32 tid);
struct thread *schedule(void);
void reschedule(void); /* makes the current call end in the scheduler */
void rotate(void);     /* and give up the rest of the time slice */
long wait_as(enum state state, const struct time *deadline);
void wake(struct thread *t, long result);
void restart_call(struct thread *t);
void wake_pollers(void);
void start_ticks(void); /* even for a thread that is alone */
extern struct thread *waiting; /* list of the blocked, longest first */
struct thread *tick(int hold);
void set_user_local(u32 value);
long call_clone(u32, u32, u32, u32), sys_exit(u32), sys_exit_group(u32);
long sys_sched_yield(void), sys_gettid(void), sys_getpid(void), sys_getppid(void);
long sys_set_thread_area(u32), sys_set_tid_address(u32), sys_getpgid(u32);
long sys_sched_getaffinity(u32, u32, u32), sys_sched_setaffinity(u32, u32, u32);

/* futex.c */
long sys_futex(u32, u32, u32, u32), sys_futex64(u32, u32, u32, u32);
int futex_wake(u32 address, u32 count, u32 bits);

/* timer.c */
int next_timer(struct time *t, int idle); /* earliest expiry, those that stand still while idle left out; false if none */
void expire_timers(void);
int timers_armed(void);
long sys_alarm(u32), sys_setitimer(u32, u32, u32), sys_getitimer(u32, u32);
long sys_timer_create(u32, u32, u32), sys_timer_delete(u32), sys_timer_getoverrun(u32);
long sys_timer_settime(u32, u32, u32, u32), sys_timer_settime64(u32, u32, u32, u32);
long sys_timer_gettime(u32, u32), sys_timer_gettime64(u32, u32);

/* signal.c */
extern u32 signals_sent; /* some thread may have a deliverable signal */
void deliver_signals(struct thread *t);
void wake_interrupted(void);
struct cause from_user(u32 code); /* of a signal that the process sends itself */
void send_to_thread(struct thread *t, u32 number, struct cause cause);
void send_to_process(u32 number, struct cause cause);
int mask_for_call(u32 address, u32 size); /* until the call ends; 0 or -error */
void mask_back(void);
void die(struct thread *t, u32 number, u32 address) __attribute__((noreturn));
void raise_fault(struct thread *t, u32 number, u32 code, u32 address);
long sys_rt_sigaction(u32, u32, u32, u32), sys_rt_sigprocmask(u32, u32, u32, u32);
long sys_sigaltstack(u32, u32), call_sigreturn(void), sys_rt_sigpending(u32, u32);
long sys_rt_sigtimedwait(u32, u32, u32, u32), sys_rt_sigtimedwait64(u32, u32, u32, u32), sys_pause(void);
long sys_rt_sigsuspend(u32, u32), sys_kill(u32, u32), sys_tkill(u32, u32), sys_tgkill(u32, u32, u32);
long sys_rt_sigqueueinfo(u32, u32, u32), sys_rt_tgsigqueueinfo(u32, u32, u32, u32);

/* file.c, io.c, pipe.c, poll.c */
enum kind { STDIN, STDOUT, STDERR, PUBLIC, NOTHING, EVENT, EPOLL, PIPE_READ, PIPE_WRITE };
/* An open file: what the duplicates of a descriptor share. */
struct file {
    u8 kind, object;
    u16 flags;      /* O_ACCMODE, O_NONBLOCK */
    u32 references; /* descriptors; 0: unused */
};
#define PIPE_SIZE 65536
#define OBJECTS 16 /* of each kind */
#define FILES 64 /* a multiple of 32, for select */
struct file *file_at(u32 fd);
extern u32 output_length;
int file_new(enum kind kind, u32 object, u32 flags);
u32 file_ready(const struct file *f); /* POLLIN, POLLOUT, POLLHUP, POLLERR */
u32 file_changes(const struct file *f);
void object_released(const struct file *f);
void epoll_forget(const struct file *f);
u32 bytes_to_read(const struct file *f); /* of a pipe or a tape */
u32 tape_left(void);
u32 public_left(void);
long event_read(struct file *f, u32 buffer, u32 length), event_write(struct file *f, u32 buffer, u32 length);
long pipe_read(struct file *f, u32 buffer, u32 length);
long pipe_write(struct file *f, const u32 *part, u32 parts, u32 total);
long sys_read(u32, u32, u32), sys_write(u32, u32, u32), sys_readv(u32, u32, u32), sys_writev(u32, u32, u32);
long sys_pread64(u32, u32, u32), sys_pwrite64(u32, u32, u32), sys_ftruncate64(u32), sys_fsync(u32), sys_lseek(u32, u32, u32), sys_llseek(u32, u32, u32, u32);
long sys_close(u32), sys_dup(u32), sys_dup2(u32, u32), sys_dup3(u32, u32, u32), sys_fcntl(u32, u32, u32);
long sys_ioctl(u32, u32, u32), sys_fstat64(u32, u32), sys_statx(u32, u32, u32, u32);
long sys_open(u32, u32), sys_openat(u32, u32, u32), sys_path_first(u32), sys_path_second(u32, u32);
long sys_pipe(void), sys_pipe2(u32, u32), sys_eventfd(u32), sys_eventfd2(u32, u32);
long sys_select(u32, u32, u32, u32), sys_pselect6(u32, u32, u32, u32), sys_pselect6_64(u32, u32, u32, u32);
long sys_poll(u32, u32, u32), sys_ppoll(u32, u32, u32, u32), sys_ppoll64(u32, u32, u32, u32);
long sys_epoll_create(u32), sys_epoll_create1(u32), sys_epoll_ctl(u32, u32, u32, u32);
long sys_epoll_wait(u32, u32, u32, u32), sys_epoll_pwait(u32, u32, u32, u32);
long sys_epoll_pwait2(u32, u32, u32, u32);

/* misc.c */
#define USER_ID 1000 /* user and group, real and effective */
#define RANDOM_USED 4 /* AT_RANDOM is the first numbers of the sequence */
/* A fixed sequence, NOT entropy: a run must be a function of its inputs. Weyl sequence with the
 * finaliser of MurmurHash3 (Appleby). Defined here so that those of AT_RANDOM are known when this is compiled. */
static inline u32 random_number(u32 index) {
    u32 z = index * 0x9E3779B9;
    z = (z ^ (z >> 16)) * 0x85EBCA6B;
    z = (z ^ (z >> 13)) * 0xC2B2AE35;
    return z ^ (z >> 16);
}
long sys_getrandom(u32, u32, u32), sys_uname(u32), sys_getrlimit(u32, u32), sys_setrlimit(u32, u32);
long sys_prlimit64(u32, u32, u32, u32), sys_prctl(u32, u32, u32), sys_id(void), sys_umask(u32);
long sys_getres(u32, u32, u32), sys_sysinfo(u32), sys_getcwd(u32, u32), sys_getgroups(u32), sys_getcpu(u32, u32);

#endif
