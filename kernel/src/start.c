/* Start: the first stack as Linux lays it out, and the end. */
#include "kernel.h"

#define MAGIC 0x7A6B6D31
#define SNAPSHOT 1
#define CODE_RANGES 8
#define PT_LOAD 1
#define PF_X 1
#define BAD_START 127

/* First executable range of the image, as start and length, for the check in the vector. */
u32 text_range[2];
static struct {
    u32 start, end;
} code[CODE_RANGES];
static u32 codes;

static u32 info(u32 index) {
    return WORD(INFORMATION + 4 * index);
}

int executable(u32 address) {
    for (u32 i = 0; i < codes; i++)
        if (address >= code[i].start && address < code[i].end)
            return 1;
    return 0;
}

/* Part 0: argv, 1: environment, 2: public input. Returns its address; a malformed tape has no parts. */
u32 public_part(int part, u32 *length) {
    u32 at = PUBLIC_TAPE + 4;
    for (;; part--) {
        *length = WORD(at);
        if (*length > PUBLIC_TAPE + TAPE_SIZE - at - 4) {
            *length = 0;
            return PUBLIC_TAPE;
        }
        if (!part)
            return at + 4;
        at += 4 + ((*length + 3) & -4);
        if (at >= PUBLIC_TAPE + TAPE_SIZE) {
            *length = 0;
            return PUBLIC_TAPE;
        }
    }
}

void finish(u32 status) {
    WORD(OUTPUT_TAPE) = status & 255;
    WORD(OUTPUT_TAPE + 4) = output_length;
    stop();
}

/* Arguments and environment of a snapshot are part of its image. */
void check_snapshot(void) {
    u32 arguments, environment;
    public_part(0, &arguments);
    public_part(1, &environment);
    if (info(INFO_KIND) != SNAPSHOT || (arguments | environment))
        finish(BAD_START);
}

static void add_code(u32 start, u32 end) {
    if (codes == CODE_RANGES || start >= end)
        return;
    code[codes].start = start;
    code[codes++].end = end;
    if (!text_range[1] || (info(INFO_ENTRY) >= start && info(INFO_ENTRY) < end)) {
        /* The vector reads the word before as well, which must not be in the first 64 KiB. */
        text_range[0] = start > USER_START ? start : USER_START + 4;
        text_range[1] = end - text_range[0];
    }
}

/* From the program headers, if they are in memory; else the whole image. Segments may come in any order. */
static void find_code(void) {
    u32 header = info(INFO_PHDR), size = info(INFO_PHENT), count = info(INFO_PHNUM), bias;
    if (size >= 32 && size < 256 && !(size & 3) && count <= 64 && user_words(header, count * size / 4)) {
        u32 end = header + count * size, first = -1;
        /* Empty segments are not loaded. */
        for (u32 at = header; at < end; at += size)
            if (WORD(at) == PT_LOAD && WORD(at + 20) && WORD(at + 8) < first) /* p_memsz, p_vaddr */
                first = WORD(at + 8);
        bias = info(INFO_LOWEST) - (first & -PAGE); /* a position-independent image is moved */
        for (; header < end; header += size) {
            u32 start = WORD(header + 8) + bias, length = WORD(header + 16); /* p_filesz */
            if (WORD(header) == PT_LOAD && length && (WORD(header + 24) & PF_X))
                add_code(start & -PAGE, (start + length + PAGE - 1) & -PAGE);
        }
    }
    if (!codes)
        add_code(info(INFO_LOWEST), info(INFO_BREAK));
}

/* Copies a block of strings to the stack below `sp` and returns its address. */
static u32 push_strings(u32 sp, int part, u32 *length) {
    u32 from = public_part(part, length);
    if (*length > (USER_END - STACK_BOTTOM) / 4 || (*length && *(const char *)(from + *length - 1)))
        finish(BAD_START);
    sp -= (*length + 3) & -4;
    copy((void *)sp, (const void *)from, *length);
    return sp;
}

/* Pushes a null and pointers to the strings of a block, the last one first. */
static u32 push_pointers(u32 to, u32 block, u32 length) {
    WORD(to -= 4) = 0;
    if (!length)
        return to;
    for (const char *p = (const char *)(block + length - 2); (u32)p >= block; p--)
        if (!*p)
            WORD(to -= 4) = (u32)p + 1;
    WORD(to -= 4) = block;
    return to;
}

static u32 push_auxiliary(u32 to, u32 kind, u32 value) {
    WORD(to - 4) = value;
    WORD(to - 8) = kind;
    return to - 8;
}

struct thread *start(void) {
    u32 arguments, environment, strings, variables, random, sp, pad = 0;
    if (info(INFO_MAGIC) != MAGIC)
        finish(BAD_START);
    find_code();
    memory_start(info(INFO_LOWEST), info(INFO_BREAK));
    variables = push_strings(USER_END - 16, 1, &environment);
    strings = push_strings(variables, 0, &arguments);
    if (!arguments) /* the tape of a snapshot: a proof of this must not pass for one with the usual arguments */
        finish(BAD_START);
    random = (strings - 16) & -16;
    for (u32 i = 0; i < 4; i++)
        WORD(random + 4 * i) = random_word();
    /* From the top down, so that nothing need be counted before; once more if it ends up unaligned. */
    for (;; pad += 4) {
        u32 first;
        sp = random - pad;
        sp = push_auxiliary(sp, AT_NULL, 0);
        sp = push_auxiliary(sp, AT_EXECFN, strings);
        sp = push_auxiliary(sp, AT_RANDOM, random);
        sp = push_auxiliary(sp, AT_HWCAP, 0);
        sp = push_auxiliary(sp, AT_SECURE, 0);
        sp = push_auxiliary(sp, AT_EGID, USER_ID);
        sp = push_auxiliary(sp, AT_GID, USER_ID);
        sp = push_auxiliary(sp, AT_EUID, USER_ID);
        sp = push_auxiliary(sp, AT_UID, USER_ID);
        sp = push_auxiliary(sp, AT_ENTRY, info(INFO_ENTRY));
        sp = push_auxiliary(sp, AT_BASE, 0);
        sp = push_auxiliary(sp, AT_PAGESZ, PAGE);
        sp = push_auxiliary(sp, AT_PHNUM, info(INFO_PHNUM));
        sp = push_auxiliary(sp, AT_PHENT, info(INFO_PHENT));
        sp = push_auxiliary(sp, AT_PHDR, info(INFO_PHDR));
        sp = push_pointers(sp, variables, environment);
        first = sp - 4; /* after the last pointer comes its null */
        sp = push_pointers(sp, strings, arguments);
        WORD(sp - 4) = (first - sp) / 4;
        sp -= 4;
        if (!(sp & 15))
            return thread_start(info(INFO_ENTRY), sp);
    }
}
