/* Small calls: identity, limits, system name, pseudo-random bytes. */
#include "kernel.h"

static u32 random_word(void) {
    static u32 used = RANDOM_USED;
    return random_number(++used);
}

/* Most bytes at once, as Linux before 5.18 had it. */
#define RANDOM_MOST 0x1FFFFFF

long sys_getrandom(u32 buffer, u32 length, u32 flags) {
    u32 end;
    if (flags & ~7)
        return -EINVAL;
    if (!length)
        return 0;
    if (!user_bytes(buffer, length))
        return -EFAULT;
    if (length > RANDOM_MOST)
        length = RANDOM_MOST;
    end = buffer + length;
    for (; buffer < end && ((buffer & 3) || end - buffer < 4); buffer++)
        *(u8 *)buffer = random_word();
    for (; end - buffer >= 4; buffer += 4)
        WORD(buffer) = random_word();
    for (; buffer < end; buffer++)
        *(u8 *)buffer = random_word();
    return length;
}

/* A release below 5.1 makes Go choose the 32-bit time calls, which are cheaper. */
long sys_uname(u32 address) {
    static const char *const fields[] = {"Linux", "zkmips", "5.0.0", "#1", "mips", "(none)"};
    if (!user_bytes(address, 6 * 65))
        return -EFAULT;
    for (int i = 0; i < 6; i++) {
        char *to = (char *)address + 65 * i;
        const char *from = fields[i];
        do
            *to++ = *from;
        while (*from++);
    }
    return 0;
}

static u32 limit(u32 resource) {
    switch (resource) {
    case RLIMIT_STACK:
        return USER_END - STACK_BOTTOM;
    case RLIMIT_CORE:
        return 0;
    case RLIMIT_NOFILE:
        return FILES;
    default:
        return 0x7FFFFFFF; /* RLIM_INFINITY of o32 */
    }
}

long sys_getrlimit(u32 resource, u32 address) {
    if (resource >= RLIMITS)
        return -EINVAL;
    if (!user_words(address, 2))
        return -EFAULT;
    WORD(address) = WORD(address + 4) = limit(resource);
    return 0;
}

/* Limits are fixed; setting one to what it is succeeds. */
long sys_setrlimit(u32 resource, u32 address) {
    if (resource >= RLIMITS)
        return -EINVAL;
    if (!user_words(address, 2))
        return -EFAULT;
    return WORD(address) == limit(resource) && WORD(address + 4) == limit(resource) ? 0 : -EPERM;
}

long sys_prlimit64(u32 pid, u32 resource, u32 new, u32 old) {
    u32 value[4], high;
    if (resource >= RLIMITS)
        return -EINVAL;
    if (pid && pid != (u32)sys_getpid())
        return -ESRCH;
    if ((new && !user_words(new, 4)) || (old && !user_words(old, 4)))
        return -EFAULT;
    high = limit(resource) == 0x7FFFFFFF ? 0xFFFFFFFF : 0;
    value[HIGH_WORD] = value[2 + HIGH_WORD] = high;
    value[LOW_WORD] = value[2 + LOW_WORD] = limit(resource) | high;
    for (int i = 0; new && i < 4; i++)
        if (WORD(new + 4 * i) != value[i])
            return -EPERM;
    for (int i = 0; old && i < 4; i++)
        WORD(old + 4 * i) = value[i];
    return 0;
}

#define NAME_SIZE sizeof current->name
static const char first_name[NAME_SIZE] __attribute__((aligned(4))) = "program";

static long set_name(u32 text) {
    u8 *name = (u8 *)current->name, end = 1;
    for (u32 i = 0; i < NAME_SIZE; i++) {
        if (i == NAME_SIZE - 1)
            end = 0;
        else if (end && !user_bytes(text + i, 1))
            return -EFAULT;
        else if (end)
            end = *(const u8 *)(text + i);
        name[i] = end;
    }
    current->named = 1;
    return 0;
}

/* The name of a thread, and an option of our own: a marker in the instruction count, for profiles. On Linux it is EINVAL. */
long sys_prctl(u32 option, u32 text, u32 length) {
    switch (option) {
    case PR_SET_NAME:
        return set_name(text);
    case PR_GET_NAME:
        if (!user_bytes(text, NAME_SIZE))
            return -EFAULT;
        copy((void *)text, current->named ? current->name : (const u32 *)first_name, NAME_SIZE);
        return 0;
    case PR_MARKER:
        if (!user_bytes(text, length))
            return -EFAULT;
        HOST(HOST_MARKER, text, length, 0, 0);
        return 0;
    default:
        return -EINVAL;
    }
}

/* Every user and group id. */
long sys_id(void) {
    return USER_ID;
}

long sys_getres(u32 real, u32 effective, u32 saved) {
    if (!user_words(real, 1) || !user_words(effective, 1) || !user_words(saved, 1))
        return -EFAULT;
    WORD(real) = WORD(effective) = WORD(saved) = USER_ID;
    return 0;
}

/* Only the group that has been told. */
long sys_getgroups(u32 count) {
    return (int)count < 0 ? -EINVAL : 0;
}

long sys_getcpu(u32 cpu, u32 node) {
    if ((cpu && !user_words(cpu, 1)) || (node && !user_words(node, 1)))
        return -EFAULT;
    if (cpu)
        WORD(cpu) = 0;
    if (node)
        WORD(node) = 0;
    return 0;
}

/* Nothing is ever created, but the value has to come back. */
long sys_umask(u32 mask) {
    static u32 value = 022;
    u32 old = value;
    value = mask & 0777;
    return old;
}

long sys_getcwd(u32 buffer, u32 length) {
    if (length < 2)
        return -ERANGE;
    if (!user_bytes(buffer, 2))
        return -EFAULT;
    *(char *)buffer = '/';
    *(char *)(buffer + 1) = 0;
    return 2;
}

/* struct sysinfo of o32, 64 bytes: up time, loads, total and free memory. */
long sys_sysinfo(u32 address) {
    if (!user_words(address, 16))
        return -EFAULT;
    zero(address, address + 64);
    WORD(address) = now().sec;
    WORD(address + 16) = WORD(address + 20) = MMAP_TOP;
    *(u16 *)(address + 40) = 1; /* processes */
    WORD(address + 52) = 1;     /* memory unit */
    return 0;
}
