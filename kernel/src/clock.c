/* Virtual time: a fixed amount per system call, 10 ms per Tick, jumps when every thread sleeps.
 *
 * The dispatcher only lowers `time_left`, the nanoseconds until `event`, and calls the scheduler when
 * that is negative; the time now is event - time_left. */
#include "kernel.h"

#define SECOND 1000000000
#define START_OF_TIME 1735689600u /* realtime at monotonic 0: 2025-01-01 00:00:00 UTC */
#define LONGEST_PLAN 10000000

int time_left = LONGEST_PLAN;
static struct time idle; /* sum of the jumps: CPU clocks stand still in them */
static struct time event = {1, LONGEST_PLAN}; /* monotonic time starts at one second: Go wants it nonzero */

struct time now(void) {
    struct time t = event;
    int nsec = (int)t.nsec - time_left;
    if (nsec < 0) {
        nsec += SECOND;
        t.sec--;
    } else if (nsec >= SECOND) {
        nsec -= SECOND;
        t.sec++;
    }
    t.nsec = nsec;
    return t;
}

int before(struct time a, struct time b) {
    return a.sec < b.sec || (a.sec == b.sec && a.nsec < b.nsec);
}

/* Saturates: 2^32 seconds are forever. */
struct time after(struct time t, u32 sec, u32 nsec) {
    t.nsec += nsec;
    if (t.nsec >= SECOND) {
        t.nsec -= SECOND;
        t.sec++;
    }
    if (t.sec + sec < t.sec)
        return (struct time){0xFFFFFFFF, 0};
    t.sec += sec;
    return t;
}

struct time until(struct time from, struct time to) {
    if (!before(from, to))
        return (struct time){0, 0};
    to.sec -= from.sec;
    to.nsec -= from.nsec;
    if ((int)to.nsec < 0) {
        to.nsec += SECOND;
        to.sec--;
    }
    return to;
}

struct time idle_time(void) {
    return idle;
}

/* Lets at most one second go by. */
void pass(u32 nsec) {
    struct time t = after(now(), 0, nsec);
    event = t;
    time_left = 0;
}

/* Time stands still while threads run, so a sleep of hours costs nothing when nobody runs. */
void skip_to(struct time t) {
    struct time n = now(), jump = until(n, t);
    if (before(n, t)) {
        idle = after(idle, jump.sec, jump.nsec);
        event = t;
        time_left = 0;
    }
}

/* The next scheduling decision is due at `at`, or in LONGEST_PLAN if that is earlier. */
void plan(struct time at) {
    struct time t = now(), latest = after(t, 0, LONGEST_PLAN);
    if (before(latest, at))
        at = latest;
    if (before(at, t))
        at = t;
    time_left = (at.sec - t.sec) * SECOND + (at.nsec - t.nsec);
    event = at;
}

/* A timespec of 32 or 64 bits. Seconds beyond 32 bits are forever. */
int read_time(u32 address, int wide, struct time *t) {
    if (!user_words(address, wide ? 4 : 2))
        return -EFAULT;
    u32 high = wide ? WORD(address + 4 * HIGH_WORD) : 0;
    t->sec = WORD(address + (wide ? 4 * LOW_WORD : 0));
    t->nsec = WORD(address + (wide ? 8 + 4 * LOW_WORD : 4)); /* upper half is padding */
    if (t->nsec >= SECOND || (int)high < 0 || (!wide && (int)t->sec < 0))
        return -EINVAL;
    if (high)
        *t = (struct time){0xFFFFFFFF, 0};
    return 0;
}

int write_time(u32 address, int wide, struct time t) {
    if (!user_words(address, wide ? 4 : 2))
        return -EFAULT;
    if (wide) {
        WORD(address + 4 * HIGH_WORD) = 0;
        WORD(address + 4 * LOW_WORD) = t.sec;
        WORD(address + 8 + 4 * HIGH_WORD) = 0;
        WORD(address + 8 + 4 * LOW_WORD) = t.nsec;
    } else {
        WORD(address) = t.sec;
        WORD(address + 4) = t.nsec;
    }
    return 0;
}

/* Negative numbers are CPU clocks: the number of a process or thread, 0 for the own, inverted, and three bits for which. */
long clock_of(u32 clock) {
    u32 id = ~((int)clock >> 3);
    if ((int)clock >= 0)
        return clock <= CLOCK_BOOTTIME || clock == CLOCK_TAI ? (long)clock : -EINVAL;
    if ((clock & 3) == 3)
        return -EINVAL;
    if (clock & 4)
        return !id || thread_by_tid(id) ? CLOCK_THREAD_CPUTIME : -EINVAL;
    return !id || id == (u32)sys_getpid() ? CLOCK_PROCESS_CPUTIME : -EINVAL;
}

static int is_realtime(u32 clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

static int is_cpu_time(u32 clock) {
    return clock == CLOCK_PROCESS_CPUTIME || clock == CLOCK_THREAD_CPUTIME;
}

static long get(u32 number, u32 address, int wide) {
    long clock = clock_of(number);
    struct time t = now();
    if (clock < 0)
        return clock;
    if (is_realtime(clock))
        t.sec += START_OF_TIME;
    else if (is_cpu_time(clock))
        t = until(idle, t);
    return write_time(address, wide, t);
}

long sys_clock_gettime(u32 clock, u32 address) {
    return get(clock, address, 0);
}

long sys_clock_gettime64(u32 clock, u32 address) {
    return get(clock, address, 1);
}

static long resolution(u32 clock, u32 address, int wide) {
    if (clock_of(clock) < 0)
        return -EINVAL;
    return address ? write_time(address, wide, (struct time){0, CALL_TIME}) : 0;
}

long sys_clock_getres(u32 clock, u32 address) {
    return resolution(clock, address, 0);
}

long sys_clock_getres64(u32 clock, u32 address) {
    return resolution(clock, address, 1);
}

long sys_time(u32 address) {
    u32 sec = now().sec + START_OF_TIME;
    if (address) {
        if (!user_words(address, 1))
            return -EFAULT;
        WORD(address) = sec;
    }
    return sec & 0x7FFFFFFF;
}

/* What threads used: all of it counts as user time of the process. */
static struct time used(void) {
    return until(idle, now());
}

long sys_getrusage(u32 who, u32 address) {
    struct time t = used();
    if (who > 1 && who != 0xFFFFFFFF) /* SELF, CHILDREN (there are none), THREAD */
        return -EINVAL;
    if (!user_words(address, 18))
        return -EFAULT;
    zero(address, address + 72);
    if (who != 0xFFFFFFFF) {
        WORD(address) = t.sec;
        WORD(address + 4) = t.nsec / 1000;
    }
    return 0;
}

static u32 ticks(struct time t) { /* of 10 ms */
    return t.sec * 100 + t.nsec / 10000000;
}

long sys_times(u32 address) {
    if (address) {
        if (!user_words(address, 4))
            return -EFAULT;
        zero(address, address + 16);
        WORD(address) = ticks(used());
    }
    return ticks(now());
}

long sys_gettimeofday(u32 address, u32 zone) {
    struct time t = now();
    if (address) {
        if (!user_words(address, 2))
            return -EFAULT;
        WORD(address) = t.sec + START_OF_TIME;
        WORD(address + 4) = t.nsec / 1000;
    }
    if (zone) {
        if (!user_words(zone, 2))
            return -EFAULT;
        WORD(zone) = 0;
        WORD(zone + 4) = 0;
    }
    return 0;
}

/* Monotonic moment at which a time-out given on some clock ends; on a CPU clock, if nothing sleeps till then. */
int deadline_of(u32 number, int absolute, struct time t, struct time *deadline) {
    long clock = clock_of(number);
    if (clock < 0)
        return clock;
    if (clock >= CLOCK_MONOTONIC_RAW && clock <= CLOCK_MONOTONIC_COARSE)
        return -EOPNOTSUPP;
    if (!absolute)
        *deadline = after(now(), t.sec, t.nsec);
    else if (is_cpu_time(clock))
        *deadline = after(t, idle.sec, idle.nsec);
    else if (!is_realtime(clock) || t.sec == 0xFFFFFFFF)
        *deadline = t;
    else if (t.sec < START_OF_TIME)
        *deadline = (struct time){0, 0};
    else
        *deadline = (struct time){t.sec - START_OF_TIME, t.nsec};
    return 0;
}

static long sleep_on(u32 clock, u32 absolute, u32 address, u32 remaining, int wide) {
    struct time t, deadline;
    int error = read_time(address, wide, &t);
    if (!error)
        error = clock == CLOCK_THREAD_CPUTIME ? -EINVAL : deadline_of(clock, absolute & TIMER_ABSTIME, t, &deadline);
    if (error)
        return error;
    current->remaining = (absolute & TIMER_ABSTIME) ? 0 : remaining;
    current->remaining_wide = wide;
    return wait_as(SLEEPING, &deadline);
}

long sys_nanosleep(u32 address, u32 remaining) {
    return sleep_on(CLOCK_MONOTONIC, 0, address, remaining, 0);
}

long sys_clock_nanosleep(u32 clock, u32 flags, u32 address, u32 remaining) {
    return sleep_on(clock, flags, address, remaining, 0);
}

long sys_clock_nanosleep64(u32 clock, u32 flags, u32 address, u32 remaining) {
    return sleep_on(clock, flags, address, remaining, 1);
}
