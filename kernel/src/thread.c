/* Threads and the scheduler. Deterministic: a switch happens only in a system call or at a Tick (the
 * `sync` that exhausts the machine's Tick register). */
#include "kernel.h"

#define THREADS 256
#define FIRST_TID 1000
#define SLICE 10000000 /* nanoseconds */
/* `sync` instructions per Tick. Every Go atomic has two; at 10 ms per Tick and some 50 to 500
 * instructions between atomics a thread gets what a small CPU does in 10 ms. */
#define TICK 10000
/* How many `sync` in a row may be passed over because a lock seems to be held. */
#define MOST_HOLDS 4

struct thread threads[THREADS];
u32 thread_limit; /* slots used so far */
struct thread *current;
struct thread *waiting;

static struct thread *ready, *ready_last; /* does not hold `current` */
static u32 alive, next_tid = FIRST_TID, group_status;
static struct time slice_end;
static u32 give_way; /* `current` wants the others to go first */

static void set_tick(u32 value) {
    __asm__ volatile("mtc0 %0, $11" ::"r"(value));
}

/* A thread that is alone needs no Ticks unless a timer is to interrupt it. */
static u32 whole_tick(void) {
    return alive > 1 || timers_armed() ? TICK : 0;
}

void start_ticks(void) {
    set_tick(TICK);
}

void set_user_local(u32 value) {
    __asm__ volatile("mtc0 %0, $4, 2" ::"r"(value));
}

static void enqueue(struct thread *t) {
    t->next = 0;
    if (ready)
        ready_last->next = t;
    else
        ready = t;
    ready_last = t;
}

struct thread *thread_by_tid(u32 tid) {
    for (u32 i = 0; i < thread_limit; i++)
        if (threads[i].state != FREE && threads[i].tid == tid)
            return &threads[i];
    return 0;
}

/* The current call, once done, goes on in the scheduler. */
void reschedule(void) {
    pass(0);
}

void rotate(void) {
    give_way = 1;
    reschedule();
}

/* Blocks the caller of the system call; its result comes from wake(). */
long wait_as(enum state state, const struct time *deadline) {
    struct thread **p = &waiting;
    current->state = state;
    current->has_deadline = deadline != 0;
    if (deadline)
        current->deadline = *deadline;
    while (*p)
        p = &(*p)->next;
    current->next = 0;
    *p = current;
    reschedule();
    return 0;
}

static void make_ready(struct thread *t) {
    struct thread **p = &waiting;
    while (*p != t)
        p = &(*p)->next;
    *p = t->next;
    t->state = RUNNABLE;
    enqueue(t);
}

void wake(struct thread *t, long result) {
    make_ready(t);
    t->r[A3] = result < 0;
    t->r[V0] = result < 0 ? -result : result;
}

/* Runs the call again from its beginning. poll and its kind, the only ones with a deadline here, keep it. */
void restart_call(struct thread *t) {
    make_ready(t);
    t->pc -= 4;
    t->r[V0] = t->call;
    t->r[A3] = t->argument3;
    t->in_call = 0;
    t->restarted = t->has_deadline;
}

/* A descriptor changed: whoever waits for one looks again. */
void wake_pollers(void) {
    for (struct thread *t = waiting, *next; t; t = next) {
        next = t->next;
        if (t->state == POLLING || t->state == ON_FILE)
            restart_call(t);
    }
}

static void wake_expired(void) {
    struct time t = now();
    for (struct thread *w = waiting, *next; w; w = next) {
        next = w->next;
        if (!w->has_deadline || before(t, w->deadline))
            continue;
        if (w->state == POLLING)
            restart_call(w);
        else
            wake(w, w->state == SLEEPING ? 0 : w->state == IN_SIGWAIT ? -EAGAIN : -ETIMEDOUT);
        give_way = 1;
    }
}

/* Earliest deadline of the blocked, earliest timer; false if there is none. */
static int earliest(struct time *t, int idle) {
    int found = next_timer(t, idle);
    for (struct thread *w = waiting; w; w = w->next)
        if (w->has_deadline && (!found || before(w->deadline, *t))) {
            *t = w->deadline;
            found = 1;
        }
    return found;
}

static void deadlock(void) {
    static const char text[] = "deadlock: every thread waits and none has a time-out\n";
    HOST(HOST_DEADLOCK, 0, 0, 0, 0);
    HOST(HOST_STDERR, text, sizeof text - 1, 0, 0);
    finish(128 + SIGABRT);
}

/* Nobody can run: jump to the first time-out. */
static void skip_to_next_event(void) {
    struct time t;
    if (!earliest(&t, 1))
        deadlock();
    skip_to(t);
}

struct thread *schedule(void) {
    struct thread *before_switch = current, *t;
    struct time event;
    /* Asked first: a blocked `current` may be woken below, and is in the queue then. */
    int runs = current->state == RUNNABLE;
    for (;;) {
        wake_expired();
        expire_timers();
        if (signals_sent)
            wake_interrupted();
        if (ready || runs)
            break;
        skip_to_next_event();
    }
    if (ready && (!runs || give_way || !before(now(), slice_end))) {
        if (runs)
            enqueue(current);
        t = ready;
        ready = t->next;
        current = t;
        HOST(HOST_SWITCH, before_switch->tid, t->tid, 0, 0);
        set_user_local(t->tls);
        set_tick(whole_tick());
        slice_end = after(now(), 0, SLICE);
    }
    give_way = 0;
    t = current;
    if (t->in_call) {
        t->in_call = 0;
        HOST(HOST_LEAVE, t->call, t->r[V0], t->r[A3], 0);
    }
    if (signals_sent)
        deliver_signals(t);
    if (!earliest(&event, 0) || (ready && before(slice_end, event)))
        event = ready ? slice_end : after(now(), 1, 0);
    plan(event);
    return t;
}

struct thread *leave_call(void) {
    current->in_call = 1;
    return schedule();
}

/* The machine's Tick ran out at a `sync`, which will be executed again. `hold` asks to let the thread go
 * on to its next `sync` first. */
struct thread *tick(int hold) {
    static u32 held;
    if (hold && held < MOST_HOLDS) {
        held++;
        set_tick(2);
        return current;
    }
    held = 0;
    pass(SLICE);
    give_way = 1;
    set_tick(whole_tick());
    return schedule();
}

struct thread *thread_start(u32 pc, u32 sp) {
    struct thread *t = &threads[0];
    thread_limit = alive = 1;
    t->state = RUNNABLE;
    t->tid = next_tid++;
    t->pc = pc;
    t->r[SP] = sp;
    return current = t;
}

static struct thread *new_thread(void) {
    for (u32 i = 0; i < THREADS; i++)
        if (threads[i].state == FREE && &threads[i] != current) {
            if (i >= thread_limit)
                thread_limit = i + 1;
            return &threads[i];
        }
    return 0;
}

/* o32 order: flags, stack, parent tid, TLS, child tid (on the stack). Reached through call_clone. */
long sys_clone(u32 flags, u32 stack, u32 parent_tid, u32 tls) {
    const u32 needed = CLONE_VM | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
    const u32 known = needed | CLONE_FS | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
                      CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | CLONE_DETACHED;
    u32 child_tid = 0;
    struct thread *t;
    if ((flags & needed) != needed) { /* a process: there is only one */
        HOST(HOST_UNKNOWN, current->call, 0, 0, 0);
        return -ENOSYS;
    }
    if (flags & ~known)
        return -EINVAL;
    if ((flags & (CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID)) &&
        (stack_argument(4, &child_tid) || !user_words(child_tid, 1)))
        return -EFAULT;
    if ((flags & CLONE_PARENT_SETTID) && !user_words(parent_tid, 1))
        return -EFAULT;
    t = new_thread();
    if (!t)
        return -EAGAIN;
    *t = *current; /* registers, signal mask */
    t->tid = next_tid++;
    t->state = RUNNABLE;
    t->r[V0] = 0;
    t->r[A3] = 0;
    if (stack)
        t->r[SP] = stack;
    if (flags & CLONE_SETTLS)
        t->tls = tls;
    t->clear_tid = (flags & CLONE_CHILD_CLEARTID) ? child_tid : 0;
    t->in_call = t->restarted = t->progress = t->has_saved_mask = t->alt_size = t->alt_flags = 0;
    for (int i = 0; i < 4; i++)
        t->pending[i] = 0;
    if (flags & CLONE_PARENT_SETTID)
        WORD(parent_tid) = t->tid;
    if (flags & CLONE_CHILD_SETTID)
        WORD(child_tid) = t->tid;
    enqueue(t);
    if (alive++ == 1) {
        set_tick(TICK);
        slice_end = after(now(), 0, SLICE);
    }
    reschedule(); /* the plan has to include the end of the time slice now */
    return t->tid;
}

long sys_exit(u32 status) {
    struct thread *t = current;
    if (t == &threads[0])
        group_status = status;
    if (--alive == 0)
        finish(group_status);
    if (user_words(t->clear_tid, 1)) {
        WORD(t->clear_tid) = 0;
        futex_wake(t->clear_tid, 1, 0xFFFFFFFF);
    }
    t->state = FREE;
    reschedule();
    return 0;
}

long sys_exit_group(u32 status) {
    finish(status);
}

long sys_sched_yield(void) {
    rotate();
    return 0;
}

long sys_gettid(void) {
    return current->tid;
}

long sys_getpid(void) {
    return FIRST_TID;
}

long sys_getppid(void) {
    return 1;
}

/* Of the process, which leads its group and its session. */
long sys_getpgid(u32 pid) {
    return pid && pid != FIRST_TID ? -ESRCH : FIRST_TID;
}

long sys_set_thread_area(u32 value) {
    current->tls = value;
    set_user_local(value);
    return 0;
}

long sys_set_tid_address(u32 address) {
    current->clear_tid = address;
    return current->tid;
}

/* One CPU, which has to be among those. */
long sys_sched_setaffinity(u32 tid, u32 length, u32 mask) {
    if (length && !user_words(mask, 1))
        return -EFAULT;
    if (tid && !thread_by_tid(tid))
        return -ESRCH;
    return length && (WORD(mask) & 1) ? 0 : -EINVAL;
}

/* Returns the number of bytes written, as the kernel (not the libc function) does. */
long sys_sched_getaffinity(u32 tid, u32 length, u32 mask) {
    if (tid && !thread_by_tid(tid))
        return -ESRCH;
    if (length < 4 || (length & 3))
        return -EINVAL;
    if (!user_words(mask, 1))
        return -EFAULT;
    WORD(mask) = 1;
    return 4;
}
