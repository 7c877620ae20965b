/* Timers that send signals: alarm, setitimer, timer_create. The CPU clocks are one: what the process used. */
#include "kernel.h"

#define INTERVAL_TIMERS 3 /* setitimer: REAL, VIRTUAL, PROF */
#define TIMERS 32         /* timer_create */

struct timer {
    u32 used, armed, on_cpu, clock;
    u32 signal, tid, notify, value;
    u32 overrun;
    struct time next, interval; /* on the monotonic clock, or on the CPU clock */
};

static struct timer timers[INTERVAL_TIMERS + TIMERS];
static u32 armed;

static struct timer *interval_timer(u32 which) {
    struct timer *t = &timers[which];
    t->signal = which == 0 ? SIGALRM : which == 1 ? SIGVTALRM : SIGPROF;
    t->on_cpu = which > 0;
    return t;
}

int timers_armed(void) {
    return armed != 0;
}

static struct time time_of(const struct timer *t) {
    return t->on_cpu ? until(idle_time(), now()) : now();
}

int next_timer(struct time *first, int idle) {
    struct time stood = idle_time();
    int found = 0;
    if (!armed)
        return 0;
    for (struct timer *t = timers; t < timers + INTERVAL_TIMERS + TIMERS; t++) {
        struct time at = t->on_cpu ? after(t->next, stood.sec, stood.nsec) : t->next;
        if (!t->armed || (idle && t->on_cpu) || (found && !before(at, *first)))
            continue;
        *first = at;
        found = 1;
    }
    return found;
}

static void disarm(struct timer *t) {
    armed -= t->armed;
    t->armed = 0;
}

static void fire(struct timer *t, u32 id) {
    struct thread *target = t->tid ? thread_by_tid(t->tid) : 0;
    struct cause cause = {SI_KERNEL, {0, 0, 0}};
    if (id >= INTERVAL_TIMERS)
        cause = (struct cause){SI_TIMER, {id - INTERVAL_TIMERS, t->overrun, t->value}};
    if (t->notify == SIGEV_NONE)
        return;
    if (target)
        send_to_thread(target, t->signal, cause);
    else if (!t->tid)
        send_to_process(t->signal, cause);
}

/* A timer that is late by more than its interval skips what it missed and counts it as one. */
void expire_timers(void) {
    if (!armed)
        return;
    for (u32 i = 0; i < INTERVAL_TIMERS + TIMERS; i++) {
        struct timer *t = &timers[i];
        struct time n = time_of(t);
        if (!t->armed || before(n, t->next))
            continue;
        t->overrun = 0;
        if (!(t->interval.sec | t->interval.nsec)) {
            disarm(t);
        } else {
            t->next = after(t->next, t->interval.sec, t->interval.nsec);
            if (!before(n, t->next)) {
                t->next = after(n, t->interval.sec, t->interval.nsec);
                t->overrun = 1;
            }
        }
        fire(t, i);
    }
}

static struct time left(const struct timer *t) {
    struct time rest = {0, 0};
    if (t->armed) {
        rest = until(time_of(t), t->next);
        if (!(rest.sec | rest.nsec))
            rest.nsec = 1; /* zero would say that it is not armed */
    }
    return rest;
}

/* Zero stops it. */
static void arm(struct timer *t, int relative, struct time value, struct time interval) {
    disarm(t);
    t->overrun = 0;
    t->interval = interval;
    if (value.sec | value.nsec) {
        struct time n = time_of(t);
        t->next = relative ? after(n, value.sec, value.nsec) : value;
        t->armed = 1;
        armed++;
        start_ticks();
    }
    reschedule(); /* the plan has to include it */
}

/* struct itimerval: interval and value, each seconds and microseconds. */
static int read_timeval(u32 address, struct time *t) {
    *t = (struct time){WORD(address), WORD(address + 4) * 1000};
    return (int)t->sec < 0 || WORD(address + 4) >= 1000000 ? -EINVAL : 0;
}

static void write_timeval(u32 address, struct time t) {
    WORD(address) = t.sec;
    WORD(address + 4) = t.nsec / 1000 + (t.nsec && t.nsec < 1000);
}

long sys_getitimer(u32 which, u32 address) {
    if (which >= INTERVAL_TIMERS)
        return -EINVAL;
    if (!user_words(address, 4))
        return -EFAULT;
    write_timeval(address, timers[which].interval);
    write_timeval(address + 8, left(&timers[which]));
    return 0;
}

long sys_setitimer(u32 which, u32 new, u32 old) {
    struct time value = {0, 0}, interval = {0, 0}, was, was_left;
    if (which >= INTERVAL_TIMERS)
        return -EINVAL;
    if ((new && !user_words(new, 4)) || (old && !user_words(old, 4)))
        return -EFAULT;
    if (new && (read_timeval(new, &interval) || read_timeval(new + 8, &value)))
        return -EINVAL;
    was = timers[which].interval;
    was_left = left(&timers[which]);
    arm(interval_timer(which), 1, value, interval);
    if (old) {
        write_timeval(old, was);
        write_timeval(old + 8, was_left);
    }
    return 0;
}

long sys_alarm(u32 seconds) {
    struct time rest = left(&timers[0]);
    arm(interval_timer(0), 1, (struct time){seconds & 0x7FFFFFFF, 0}, (struct time){0, 0});
    return rest.sec + ((!rest.sec && rest.nsec) || rest.nsec >= 500000000);
}

static struct timer *timer_at(u32 id) {
    return id < TIMERS && timers[INTERVAL_TIMERS + id].used ? &timers[INTERVAL_TIMERS + id] : 0;
}

/* struct sigevent: value, signal, kind of notification, thread. */
long sys_timer_create(u32 clock, u32 event, u32 address) {
    struct timer t = {.used = 1, .clock = clock, .signal = SIGALRM, .notify = SIGEV_SIGNAL};
    u32 id = 0;
    long error = deadline_of(clock, 0, (struct time){0, 0}, &t.next);
    if (error)
        return error;
    t.on_cpu = clock_of(clock) == CLOCK_PROCESS_CPUTIME || clock_of(clock) == CLOCK_THREAD_CPUTIME;
    if ((event && !user_words(event, 4)) || !user_words(address, 1))
        return -EFAULT;
    while (id < TIMERS && timers[INTERVAL_TIMERS + id].used)
        id++;
    if (id == TIMERS)
        return -EAGAIN;
    t.value = id;
    if (event) {
        t.value = WORD(event);
        t.signal = WORD(event + 4);
        t.notify = WORD(event + 8);
        if (t.notify & SIGEV_THREAD_ID) {
            t.tid = WORD(event + 12);
            if (!thread_by_tid(t.tid))
                return -EINVAL;
        }
        if ((t.notify & ~SIGEV_THREAD_ID) > SIGEV_THREAD || t.notify == (SIGEV_NONE | SIGEV_THREAD_ID) ||
            (t.notify != SIGEV_NONE && t.signal - 1 >= SIGNALS))
            return -EINVAL;
    }
    timers[INTERVAL_TIMERS + id] = t;
    WORD(address) = id;
    return 0;
}

long sys_timer_delete(u32 id) {
    struct timer *t = timer_at(id);
    if (!t)
        return -EINVAL;
    disarm(t);
    t->used = 0;
    return 0;
}

long sys_timer_getoverrun(u32 id) {
    struct timer *t = timer_at(id);
    return t ? (long)t->overrun : -EINVAL;
}

static void write_timer(u32 address, int wide, struct time interval, struct time value) {
    write_time(address, wide, interval);
    write_time(address + (wide ? 16 : 8), wide, value);
}

static long get(u32 id, u32 address, int wide) {
    struct timer *t = timer_at(id);
    if (!t)
        return -EINVAL;
    if (!user_words(address, wide ? 8 : 4))
        return -EFAULT;
    write_timer(address, wide, t->interval, left(t));
    return 0;
}

long sys_timer_gettime(u32 id, u32 address) {
    return get(id, address, 0);
}

long sys_timer_gettime64(u32 id, u32 address) {
    return get(id, address, 1);
}

static long set(u32 id, u32 flags, u32 new, u32 old, int wide) {
    struct timer *t = timer_at(id);
    struct time interval, value, was, was_left;
    int error, relative = !(flags & TIMER_ABSTIME);
    if (!t)
        return -EINVAL;
    if (!user_words(new, wide ? 8 : 4) || (old && !user_words(old, wide ? 8 : 4)))
        return -EFAULT;
    if ((error = read_time(new, wide, &interval)) || (error = read_time(new + (wide ? 16 : 8), wide, &value)))
        return error;
    if (!relative && !t->on_cpu && (value.sec | value.nsec)) {
        deadline_of(t->clock, 1, value, &value);
        if (!(value.sec | value.nsec))
            value.nsec = 1; /* long past, not zero, which stops it */
    }
    was = t->interval;
    was_left = left(t);
    arm(t, relative, value, interval);
    if (old)
        write_timer(old, wide, was, was_left);
    return 0;
}

long sys_timer_settime(u32 id, u32 flags, u32 new, u32 old) {
    return set(id, flags, new, old, 0);
}

long sys_timer_settime64(u32 id, u32 flags, u32 new, u32 old) {
    return set(id, flags, new, old, 1);
}
