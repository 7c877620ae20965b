/* Signals: actions, masks, delivery with Linux/MIPS o32 frames, return. */
#include "kernel.h"

/* As user code passes it. */
struct action {
    u32 flags, handler, mask[4];
};

/* struct rt_sigframe of Linux/MIPS o32, as byte offsets from the handler's $sp. */
#define FRAME_INFO 24
#define FRAME_CONTEXT 152
#define FRAME_STACK (FRAME_CONTEXT + 8)
#define FRAME_MACHINE (FRAME_CONTEXT + 24)
#define FRAME_PC (FRAME_MACHINE + 8)
#define FRAME_REGISTERS (FRAME_MACHINE + 16)
#define FRAME_HI (FRAME_MACHINE + 552)
#define FRAME_LO (FRAME_MACHINE + 560)
#define FRAME_MASK (FRAME_CONTEXT + 616)
#define FRAME_SIZE (FRAME_CONTEXT + 632)

static struct action actions[SIGNALS + 1];
static u32 process_pending[4];
static struct cause process_cause; /* of the last of them */
u32 signals_sent;

static u32 bit(u32 number) {
    return 1u << ((number - 1) & 31);
}

static u32 word(u32 number) {
    return (number - 1) >> 5;
}

/* SIGKILL and SIGSTOP cannot be blocked. */
static void set_mask(struct thread *t, const u32 *mask) {
    for (int i = 0; i < 4; i++)
        t->mask[i] = mask[i];
    t->mask[0] &= ~(bit(SIGKILL) | bit(SIGSTOP));
}

/* A deliverable signal of the thread or the process, or 0. */
static u32 deliverable(const struct thread *t) {
    for (u32 i = 0; i < 4; i++) {
        u32 set = (t->pending[i] | process_pending[i]) & ~t->mask[i];
        if (set)
            return 32 * i + 1 + __builtin_ctz(set);
    }
    return 0;
}

static int ignored_by_default(u32 number) {
    const u32 set = bit(SIGCHLD) | bit(SIGWINCH) | bit(SIGURG) | bit(SIGCONT) |
                    /* no job control, so nothing stops */
                    bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
    return number <= 32 && (set & bit(number));
}

static int is_ignored(u32 number) {
    u32 handler = actions[number].handler;
    return handler == SIG_IGN || (handler == SIG_DFL && ignored_by_default(number));
}

void die(struct thread *t, u32 number, u32 address) {
    HOST(HOST_FATAL, number, t->pc, address, t->tid);
    finish(128 + number);
}

static void put(u32 address, u32 value) {
    WORD(address + 4 * HIGH_WORD) = (int)value >> 31;
    WORD(address + 4 * LOW_WORD) = value;
}

static u32 get(u32 address) {
    return WORD(address + 4 * LOW_WORD);
}

/* One that disarms itself is never in use: it is gone while the handler runs. */
static int on_alternate_stack(const struct thread *t) {
    return t->alt_size && !(t->alt_flags & SS_AUTODISARM) && t->r[SP] - t->alt_stack - 1 < t->alt_size;
}

static void tell_alternate_stack(u32 address, const struct thread *t) {
    WORD(address) = t->alt_stack;
    WORD(address + 4) = t->alt_size;
    WORD(address + 8) =
        (!t->alt_size ? SS_DISABLE : on_alternate_stack(t) ? SS_ONSTACK : 0) | (t->alt_flags & SS_AUTODISARM);
}

/* Makes the thread continue in the handler. */
static void enter_handler(struct thread *t, u32 number, const struct cause *cause) {
    struct action *action = &actions[number];
    const u32 *old = t->has_saved_mask ? t->saved_mask : t->mask;
    u32 sp = t->r[SP];
    /* A call that was to be run again ends here. */
    if (t->progress || t->restarted) {
        t->pc += 4;
        t->r[V0] = t->progress ? t->progress : EINTR;
        t->r[A3] = !t->progress;
        t->progress = t->restarted = 0;
    }
    if ((action->flags & SA_ONSTACK) && t->alt_size && !on_alternate_stack(t))
        sp = t->alt_stack + t->alt_size;
    sp = (sp - FRAME_SIZE) & -8;
    if (!user_words(sp, FRAME_SIZE / 4))
        die(t, SIGSEGV, sp);
    /* Swapped siginfo of MIPS: number, code, errno; then the address, or the sender. */
    WORD(sp + FRAME_INFO) = number;
    WORD(sp + FRAME_INFO + 4) = cause->code;
    WORD(sp + FRAME_INFO + 8) = 0;
    for (u32 i = 0; i < 3; i++)
        WORD(sp + FRAME_INFO + 12 + 4 * i) = cause->detail[i];
    WORD(sp + FRAME_CONTEXT) = 0;
    WORD(sp + FRAME_CONTEXT + 4) = 0;
    tell_alternate_stack(sp + FRAME_STACK, t);
    if (t->alt_flags & SS_AUTODISARM)
        t->alt_size = t->alt_flags = 0;
    WORD(sp + FRAME_MACHINE) = 0;
    WORD(sp + FRAME_MACHINE + 4) = 0;
    put(sp + FRAME_PC, t->pc);
    put(sp + FRAME_REGISTERS, 0);
    for (u32 i = 1; i < 32; i++)
        put(sp + FRAME_REGISTERS + 8 * i, t->r[i]);
    put(sp + FRAME_HI, t->hi);
    put(sp + FRAME_LO, t->lo);
    for (u32 i = 0; i < 4; i++)
        WORD(sp + FRAME_MASK + 4 * i) = old[i];
    t->has_saved_mask = 0;
    for (u32 i = 0; i < 4; i++)
        t->mask[i] |= action->mask[i];
    if (!(action->flags & SA_NODEFER))
        t->mask[word(number)] |= bit(number);
    set_mask(t, t->mask);
    t->r[SP] = sp;
    t->r[RA] = TRAMPOLINE;
    t->r[A0] = number;
    t->r[A1] = sp + FRAME_INFO;
    t->r[A2] = sp + FRAME_CONTEXT;
    t->r[T9] = t->pc = action->handler;
    if (action->flags & SA_RESETHAND)
        action->handler = SIG_DFL;
}

/* A fault of the thread's own: cannot be blocked or ignored. */
void raise_fault(struct thread *t, u32 number, u32 code, u32 address) {
    if ((t->mask[word(number)] & bit(number)) || actions[number].handler == SIG_DFL ||
        actions[number].handler == SIG_IGN)
        die(t, number, address);
    enter_handler(t, number, &(struct cause){code, {address, 0, 0}});
}

/* Takes a pending signal off the list and tells its cause. */
static const struct cause *take(struct thread *t, u32 number) {
    u32 *pending = &t->pending[word(number)];
    const struct cause *cause = &t->cause;
    if (!(*pending & bit(number))) {
        pending = &process_pending[word(number)];
        cause = &process_cause;
    }
    *pending &= ~bit(number);
    return cause;
}

/* Before the thread returns to user code. */
void deliver_signals(struct thread *t) {
    u32 number;
    while ((number = deliverable(t))) {
        const struct cause *cause = take(t, number);
        if (is_ignored(number))
            continue;
        if (actions[number].handler == SIG_DFL)
            die(t, number, 0);
        enter_handler(t, number, cause);
    }
    if (t->has_saved_mask) { /* sigsuspend ended without a handler */
        t->has_saved_mask = 0;
        set_mask(t, t->saved_mask);
    }
    signals_sent = 0;
    for (u32 i = 0; i < thread_limit; i++)
        for (u32 w = 0; w < 4; w++)
            if (threads[i].state != FREE && (threads[i].pending[w] | process_pending[w]))
                signals_sent = 1;
}

static void interrupt(struct thread *t, u32 number) {
    int restart = actions[number].flags & SA_RESTART;
    if ((t->state == SLEEPING || t->state == POLLING) && t->has_deadline && t->remaining)
        write_time(t->remaining, t->remaining_wide, until(now(), t->deadline));
    if (t->progress) {
        wake(t, t->progress);
        t->progress = 0;
    } else if (restart && !t->has_deadline && (t->state == ON_FUTEX || t->state == ON_FILE))
        restart_call(t);
    else
        wake(t, -EINTR);
}

/* One of the signals that the thread waits for, taken and described, or 0. */
static u32 wanted_signal(struct thread *t) {
    for (u32 i = 0; i < 4; i++) {
        u32 set = (t->pending[i] | process_pending[i]) & t->wanted[i], number;
        const struct cause *cause;
        if (!set)
            continue;
        number = 32 * i + 1 + __builtin_ctz(set);
        cause = take(t, number);
        if (t->information) {
            zero(t->information, t->information + 128);
            WORD(t->information) = number;
            WORD(t->information + 4) = cause->code;
            for (u32 j = 0; j < 3; j++)
                WORD(t->information + 12 + 4 * j) = cause->detail[j];
        }
        return number;
    }
    return 0;
}

/* Blocked threads that have a signal to handle become runnable. */
void wake_interrupted(void) {
    for (struct thread *t = waiting, *next; t; t = next) {
        u32 number;
        next = t->next;
        if (t->state == IN_SIGWAIT && (number = wanted_signal(t)))
            wake(t, number);
        else if ((number = deliverable(t)) && !is_ignored(number))
            interrupt(t, number);
    }
}

struct cause from_user(u32 code) {
    return (struct cause){code, {sys_getpid(), USER_ID, 0}};
}

/* A signal that is pending already is not sent again. */
void send_to_thread(struct thread *t, u32 number, struct cause cause) {
    if (!(t->pending[word(number)] & bit(number)))
        t->cause = cause;
    t->pending[word(number)] |= bit(number);
    signals_sent = 1;
    reschedule();
}

/* The first thread that does not block it takes it, the main one before the others. */
void send_to_process(u32 number, struct cause cause) {
    for (struct thread *t = threads; t < threads + thread_limit; t++)
        if (t->state != FREE && !(t->mask[word(number)] & bit(number))) {
            send_to_thread(t, number, cause);
            return;
        }
    process_pending[word(number)] |= bit(number);
    process_cause = cause;
    signals_sent = 1;
    reschedule();
}

long sys_tgkill(u32 group, u32 tid, u32 number) {
    struct thread *t = thread_by_tid(tid);
    if (number > SIGNALS || (int)tid <= 0)
        return -EINVAL;
    if (!t || group != (u32)sys_getpid())
        return -ESRCH;
    if (number)
        send_to_thread(t, number, from_user(SI_TKILL));
    return 0;
}

long sys_tkill(u32 tid, u32 number) {
    return sys_tgkill(sys_getpid(), tid, number);
}

/* To the process. 0 and -1 mean the same here. */
long sys_kill(u32 pid, u32 number) {
    if (number > SIGNALS)
        return -EINVAL;
    if (pid != (u32)sys_getpid() && pid && pid != 0xFFFFFFFF && pid != -(u32)sys_getpid())
        return -ESRCH;
    if (number)
        send_to_process(number, from_user(SI_USER));
    return 0;
}

/* With what the sender says about itself. */
static long queue(struct thread *t, u32 number, u32 information) {
    struct cause cause;
    if (!user_words(information, 32))
        return -EFAULT;
    if (number > SIGNALS)
        return -EINVAL;
    cause.code = WORD(information + 4);
    for (u32 i = 0; i < 3; i++)
        cause.detail[i] = WORD(information + 12 + 4 * i);
    if (number && t)
        send_to_thread(t, number, cause);
    else if (number)
        send_to_process(number, cause);
    return 0;
}

long sys_rt_sigqueueinfo(u32 pid, u32 number, u32 information) {
    return pid == (u32)sys_getpid() ? queue(0, number, information) : -ESRCH;
}

long sys_rt_tgsigqueueinfo(u32 group, u32 tid, u32 number, u32 information) {
    struct thread *t = thread_by_tid(tid);
    if ((int)group <= 0 || (int)tid <= 0)
        return -EINVAL;
    return t && group == (u32)sys_getpid() ? queue(t, number, information) : -ESRCH;
}

/* Go makes two of these calls for each of 128 signals before main: keep it short. */
long sys_rt_sigaction(u32 number, u32 new, u32 old, u32 size) {
    struct action *action;
    if (size != SIGSET_SIZE || number - 1 >= SIGNALS)
        return -EINVAL;
    if (new && (number == SIGKILL || number == SIGSTOP))
        return -EINVAL;
    if ((new && !user_words(new, sizeof *action / 4)) || (old && !user_words(old, sizeof *action / 4)))
        return -EFAULT;
    action = &actions[number];
    if (old) {
        struct action was = *action;
        if (new)
            *action = *(struct action *)new;
        *(struct action *)old = was;
    } else if (new) {
        *action = *(struct action *)new;
    }
    return 0;
}

long sys_rt_sigprocmask(u32 how, u32 new, u32 old, u32 size) {
    u32 *mask = current->mask, value[4];
    if (size != SIGSET_SIZE)
        return -EINVAL;
    if ((new && !user_words(new, 4)) || (old && !user_words(old, 4)))
        return -EFAULT;
    if (new)
        for (int i = 0; i < 4; i++)
            value[i] = WORD(new + 4 * i);
    if (old)
        for (int i = 0; i < 4; i++)
            WORD(old + 4 * i) = mask[i];
    if (!new)
        return 0;
    switch (how) {
    case SIG_BLOCK:
        for (int i = 0; i < 4; i++)
            mask[i] |= value[i];
        break;
    case SIG_UNBLOCK:
        for (int i = 0; i < 4; i++)
            mask[i] &= ~value[i];
        break;
    case SIG_SETMASK:
        for (int i = 0; i < 4; i++)
            mask[i] = value[i];
        break;
    default:
        return -EINVAL;
    }
    mask[0] &= ~(bit(SIGKILL) | bit(SIGSTOP));
    if (signals_sent)
        reschedule();
    return 0;
}

long sys_rt_sigpending(u32 set, u32 size) {
    if (size > SIGSET_SIZE || (size & 3))
        return -EINVAL;
    if (!user_words(set, size / 4))
        return -EFAULT;
    for (u32 i = 0; i < size / 4; i++)
        WORD(set + 4 * i) = (current->pending[i] | process_pending[i]) & current->mask[i];
    return 0;
}

/* Of a call that waits: a handler that ends it finds the old mask in its frame. A call that is run again may have it
 * already. */
int mask_for_call(u32 address, u32 size) {
    u32 mask[4];
    if (!address)
        return 0;
    if (size != SIGSET_SIZE)
        return -EINVAL;
    if (!user_words(address, 4))
        return -EFAULT;
    for (int i = 0; i < 4; i++) {
        if (!current->has_saved_mask)
            current->saved_mask[i] = current->mask[i];
        mask[i] = WORD(address + 4 * i);
    }
    current->has_saved_mask = 1;
    set_mask(current, mask);
    return 0;
}

void mask_back(void) {
    if (!current->has_saved_mask)
        return;
    current->has_saved_mask = 0;
    set_mask(current, current->saved_mask);
}

long sys_rt_sigsuspend(u32 set, u32 size) {
    int error = set ? mask_for_call(set, size) : -EFAULT;
    return error ? error : wait_as(IN_SIGSUSPEND, 0);
}

long sys_pause(void) {
    return wait_as(IN_SIGSUSPEND, 0);
}

static long wait_for_signal(u32 set, u32 information, u32 timeout, u32 size, int wide) {
    struct time t, deadline;
    u32 number;
    int error;
    if (size != SIGSET_SIZE)
        return -EINVAL;
    if (!user_words(set, 4) || (information && !user_words(information, 32)))
        return -EFAULT;
    if (timeout && (error = read_time(timeout, wide, &t)))
        return error;
    for (int i = 0; i < 4; i++)
        current->wanted[i] = WORD(set + 4 * i);
    current->wanted[0] &= ~(bit(SIGKILL) | bit(SIGSTOP));
    current->information = information;
    if ((number = wanted_signal(current)))
        return number;
    if (timeout) {
        if (!(t.sec | t.nsec))
            return -EAGAIN;
        deadline = after(now(), t.sec, t.nsec);
    }
    return wait_as(IN_SIGWAIT, timeout ? &deadline : 0);
}

long sys_rt_sigtimedwait(u32 set, u32 information, u32 timeout, u32 size) {
    return wait_for_signal(set, information, timeout, size, 0);
}

long sys_rt_sigtimedwait64(u32 set, u32 information, u32 timeout, u32 size) {
    return wait_for_signal(set, information, timeout, size, 1);
}

long sys_sigaltstack(u32 new, u32 old) {
    struct thread *t = current;
    u32 sp = 0, size = 0, flags = 0;
    if ((new && !user_words(new, 3)) || (old && !user_words(old, 3)))
        return -EFAULT;
    if (new) {
        sp = WORD(new);
        size = WORD(new + 4);
        flags = WORD(new + 8);
        if (on_alternate_stack(t))
            return -EPERM;
        if ((flags & ~SS_AUTODISARM) > SS_DISABLE)
            return -EINVAL;
        if (flags & SS_DISABLE)
            sp = size = 0;
        else if (size < MINSIGSTKSZ)
            return -ENOMEM;
    }
    if (old)
        tell_alternate_stack(old, t);
    if (new) {
        t->alt_stack = sp;
        t->alt_size = size;
        t->alt_flags = flags;
    }
    return 0;
}

/* Restores everything the handler may have changed. Reached through call_sigreturn. */
struct thread *sys_sigreturn(void) {
    struct thread *t = current;
    u32 sp = t->r[SP], mask[4];
    if (!user_words(sp, FRAME_SIZE / 4))
        die(t, SIGSEGV, sp);
    t->pc = get(sp + FRAME_PC);
    for (u32 i = 1; i < 32; i++)
        t->r[i] = get(sp + FRAME_REGISTERS + 8 * i);
    t->hi = get(sp + FRAME_HI);
    t->lo = get(sp + FRAME_LO);
    for (int i = 0; i < 4; i++)
        mask[i] = WORD(sp + FRAME_MASK + 4 * i);
    set_mask(t, mask);
    t->alt_stack = WORD(sp + FRAME_STACK);
    t->alt_flags = WORD(sp + FRAME_STACK + 8);
    t->alt_size = (t->alt_flags & SS_DISABLE) ? 0 : WORD(sp + FRAME_STACK + 4);
    return schedule();
}
