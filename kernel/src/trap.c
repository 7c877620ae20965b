/* Why did the machine raise an exception? It tells only where ($k0); the cause is in the instruction
 * there and in the registers. */
#include "kernel.h"

#define OP(i) ((i) >> 26)
#define FUNCTION(i) ((i)&63)
#define RS(i) (((i) >> 21) & 31)
#define RT(i) (((i) >> 16) & 31)

static int is_branch(u32 i) {
    u32 op = OP(i);
    if (op == 0)
        return (FUNCTION(i) & ~1) == 8; /* jr, jalr */
    if (op == 1)
        return !(RT(i) & 8) && (RT(i) & 7) < 4; /* bltz, bgez and their likely and link forms */
    return (op >= 2 && op <= 7) || (op >= 20 && op <= 23);
}

/* Only for an executable address. */
static int in_delay_slot(u32 pc) {
    return executable(pc - 4) && is_branch(WORD(pc - 4));
}

/* Linux tells where it was only of a `break`. Of a trap that is true, an instruction that there is not and the like it says no
 * more than that the kernel sends the signal. */
static void raise_bare(struct thread *t, u32 number) {
    raise_fault(t, number, SI_KERNEL, 0);
}

/* Codes 6 and 7 are what compilers emit for overflow and division by zero. */
static void trap_code(struct thread *t, u32 code, int is_break) {
    if (code == 7)
        raise_fault(t, SIGFPE, FPE_INTDIV, t->pc);
    else if (code == 6)
        raise_fault(t, SIGFPE, FPE_INTOVF, t->pc);
    else if (is_break && code != 512) /* where Linux has found a bug in itself */
        raise_fault(t, SIGTRAP, TRAP_BRKPT, t->pc);
    else
        raise_bare(t, SIGTRAP);
}

/* Alignment that a load or store asks for, less one; -1: not one of them. */
static int alignment(u32 op) {
    switch (op) {
    case 32: case 34: case 36: case 38: /* lb lwl lbu lwr */
    case 40: case 42: case 46:          /* sb swl swr */
        return 0;
    case 33: case 37: case 41: /* lh lhu sh */
        return 1;
    case 35: case 43: case 48: case 56: /* lw sw ll sc */
        return 3;
    default:
        return -1;
    }
}

/* Does the thread seem to hold a spin lock at this `sync`? Go's 64-bit atomics are a lock whose
 * waiters loop over `ll` without a `sync`: they can never be preempted, so a switch away from the holder would
 * hang the program. Such a lock is taken by `sc` and then `sync`, and given back by `sync` and a store of
 * zero; the `sync` after that store is a safe place again. */
static int holds_lock(u32 pc) {
    if (!executable(pc - 12) || !executable(pc + 4) || OP(WORD(pc - 4)) == 43)
        return 0;
    for (u32 at = pc - 12; at < pc; at += 4)
        if (OP(WORD(at)) == 56) /* sc */
            return 1;
    return OP(WORD(pc + 4)) == 43 && RT(WORD(pc + 4)) == 0; /* sw $zero */
}

struct thread *handle_trap(struct thread *t) {
    u32 pc = t->pc, i, op, address;
    int align;
    if (pc == TRAMPOLINE + 4)
        return 0;
    if ((pc & 3) || !executable(pc)) {
        if (pc & 3)
            raise_bare(t, SIGBUS);
        else
            raise_fault(t, SIGSEGV, pc < USER_END && memory_mapped(pc) ? SEGV_ACCERR : SEGV_MAPERR, pc);
        return schedule();
    }
    i = WORD(pc);
    op = OP(i);
    /* As Linux reports it: the branch, which can be executed again. */
    if (in_delay_slot(pc))
        t->pc = pc - 4;
    if (op == 0 && FUNCTION(i) == 12) {
        if (t->pc == pc)
            return 0;
        raise_bare(t, SIGILL);
    } else if (op == 0 && FUNCTION(i) == 15) {
        return tick(holds_lock(pc));
    } else if (op == 0 && FUNCTION(i) == 13) { /* break: assemblers put the code into either half */
        u32 code = (i >> 6) & 0xFFFFF;
        if (code >= 1024)
            code = (code >> 10) | ((code & 1023) << 10);
        trap_code(t, code, 1);
    } else if (op == 0 && FUNCTION(i) >= 48 && FUNCTION(i) <= 54 && FUNCTION(i) != 53) {
        trap_code(t, (i >> 6) & 1023, 0);
    } else if (op == 1 && RT(i) >= 8 && RT(i) <= 14 && RT(i) != 13) { /* trap with immediate */
        raise_bare(t, SIGTRAP);
    } else if ((op == 0 && ((i & 0x7FF) == 32 || (i & 0x7FF) == 34)) || op == 8) { /* add sub addi */
        raise_fault(t, SIGFPE, FPE_INTOVF, t->pc);
    } else if ((align = alignment(op)) >= 0) {
        address = (RS(i) ? t->r[RS(i)] : 0) + (int)(short)i;
        if (address < USER_START)
            raise_fault(t, SIGSEGV, SEGV_MAPERR, address);
        else if (address & align)
            raise_fault(t, SIGBUS, BUS_ADRALN, address);
        else
            raise_bare(t, SIGILL);
    } else {
        raise_bare(t, SIGILL);
    }
    return schedule();
}
