/* User memory: bookkeeping only. Nothing but the first 64 KiB ever faults, so a mapping is a promise,
 * not a page table.
 *
 * Promised zeros: fresh memory of the machine reads as zero already, and clearing costs instructions.
 * `dirty` holds every range that was writable at some time (and the image); a new mapping clears only
 * its intersection with that. Reservations (PROT_NONE) stay clean however large they are, and
 * addresses are not used again before clean ones have run out, not even if a hint asks for them: allocators
 * that trim what they map by munmap ask for the trimmed part next. */
#include "kernel.h"

struct range {
    u32 start, end, kind;
};
#define RANGES 1024
struct map {
    u32 count;
    struct range at[RANGES + 2]; /* sorted, disjoint, neighbours of one kind joined */
};

static struct map mapped; /* kind = protection */
static struct map dirty;
static u32 fresh_top = MMAP_TOP; /* everything from here to MMAP_TOP was given out at some time */
static u32 break_start, break_now;

#define GONE 0xFFFFFFFF

/* Index of the first range that ends after `address`. */
static u32 find(const struct map *m, u32 address) {
    u32 low = 0, high = m->count;
    while (low < high) {
        u32 mid = (low + high) >> 1;
        if (m->at[mid].end > address)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* Gives [start, end) the kind, or removes it if kind is GONE. */
static void assign(struct map *m, u32 start, u32 end, u32 kind) {
    struct range piece[3];
    u32 pieces = 0;
    u32 first = find(m, start), last = first;
    while (last < m->count && m->at[last].start < end)
        last++;
    /* [first, last) overlap; keep what sticks out on either side. */
    if (first < last && m->at[first].start < start) {
        piece[pieces] = m->at[first];
        piece[pieces++].end = start;
    } else if (first && m->at[first - 1].end == start && m->at[first - 1].kind == kind) {
        piece[pieces++] = m->at[--first];
    }
    if (kind != GONE) {
        if (pieces && piece[pieces - 1].kind == kind)
            piece[pieces - 1].end = end;
        else
            piece[pieces++] = (struct range){start, end, kind};
    }
    u32 right = 0;
    struct range tail;
    if (first < last && m->at[last - 1].end > end) {
        tail = m->at[last - 1];
        tail.start = end;
        right = 1;
    } else if (last < m->count && m->at[last].start == end && m->at[last].kind == kind) {
        tail = m->at[last++];
        right = 1;
    }
    if (right) {
        if (pieces && kind != GONE && tail.kind == kind)
            piece[pieces - 1].end = tail.end;
        else
            piece[pieces++] = tail;
    }
    int shift = (int)(first + pieces) - (int)last;
    if (shift > 0)
        for (u32 i = m->count; i-- > last;)
            m->at[i + shift] = m->at[i];
    else if (shift < 0)
        for (u32 i = last; i < m->count; i++)
            m->at[i + shift] = m->at[i];
    m->count += shift;
    for (u32 i = 0; i < pieces; i++)
        m->at[first + i] = piece[i];
}

/* One assign adds at most two ranges; a caller that makes two asks for four. */
static int room(void) {
    return mapped.count + 4 <= RANGES && dirty.count + 4 <= RANGES;
}

static int is_outside(const struct map *m, u32 start, u32 end) {
    u32 i = find(m, start);
    return i == m->count || m->at[i].start >= end;
}

static int is_free(u32 start, u32 end) {
    return is_outside(&mapped, start, end);
}

static int is_clean(u32 start, u32 end) {
    return is_outside(&dirty, start, end);
}

static int all_mapped(u32 start, u32 end) {
    for (u32 i = find(&mapped, start); i < mapped.count && mapped.at[i].start <= start; i++) {
        start = mapped.at[i].end;
        if (start >= end)
            return 1;
    }
    return 0;
}

int memory_mapped(u32 address) {
    return !is_free(address, address + 1);
}

static void clear(u32 start, u32 end) {
    for (u32 i = find(&dirty, start); i < dirty.count && dirty.at[i].start < end; i++) {
        u32 from = dirty.at[i].start > start ? dirty.at[i].start : start;
        u32 to = dirty.at[i].end < end ? dirty.at[i].end : end;
        zero(from, to);
    }
}

/* A new mapping: reads as zero, has the protection. */
static void map(u32 start, u32 end, u32 protection) {
    clear(start, end);
    assign(&mapped, start, end, protection);
    if (protection & PROT_WRITE)
        assign(&dirty, start, end, 0);
}

/* The image and the main stack. Both maps are empty before. Of the stack, only the part that Linux maps at first is:
 * musl finds the stack's end by probing page after page, and nothing else is ever placed above MMAP_TOP. */
void memory_start(u32 low, u32 end) {
    break_start = break_now = end;
    mapped.at[0] = (struct range){low, end, 7};
    mapped.at[1] = (struct range){STACK_GROWN, USER_END, 3};
    dirty.at[0] = (struct range){low, end, 0};
    dirty.at[1] = (struct range){STACK_BOTTOM, USER_END, 0};
    mapped.count = dirty.count = 2;
}

/* The highest free range of this length that ends at or below `top`, or 0. */
static u32 gap_below(u32 top, u32 length) {
    for (;;) {
        if (top < length || top - length < USER_START)
            return 0;
        u32 first = find(&mapped, top - length), last = first;
        while (last < mapped.count && mapped.at[last].start < top)
            last++;
        if (last == first)
            return top - length;
        top = mapped.at[first].start;
    }
}

/* Where a mapping goes that may go anywhere. A hint is an address where it fits, or 0. */
static u32 choose(u32 length, u32 hint) {
    u32 start, top = fresh_top;
    if (hint && is_clean(hint, hint + length))
        return hint;
    while ((start = gap_below(top, length)) && !is_clean(start, start + length))
        top = dirty.at[find(&dirty, start)].start;
    /* The heap must be able to grow into fresh addresses too, but it only loses to a full house. */
    if (start && start >= break_now) {
        fresh_top = start;
        return start;
    }
    if (hint)
        return hint;
    start = gap_below(MMAP_TOP, length);
    if (start && start < fresh_top)
        fresh_top = start;
    return start;
}

static long do_mmap(u32 address, u32 length, u32 protection, u32 flags) {
    u32 fd;
    if (!length || ((flags & MAP_TYPE) != MAP_PRIVATE && (flags & MAP_TYPE) != MAP_SHARED))
        return -EINVAL;
    if (length > USER_END - USER_START)
        return -ENOMEM;
    if (!(flags & MAP_ANONYMOUS)) {
        if (stack_argument(4, &fd))
            return -EFAULT;
        return file_at(fd) ? -ENODEV : -EBADF;
    }
    if (!room())
        return -ENOMEM;
    length = (length + PAGE - 1) & -PAGE;
    protection &= 7;
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (address & (PAGE - 1))
            return -EINVAL;
        if (!user_bytes(address, length))
            return -ENOMEM;
        if ((flags & MAP_FIXED_NOREPLACE) && !is_free(address, address + length))
            return -EEXIST;
    } else {
        address &= -PAGE;
        if (address < USER_START || address >= MMAP_TOP || length > MMAP_TOP - address ||
            !is_free(address, address + length))
            address = 0;
        address = choose(length, address);
        if (!address)
            return -ENOMEM;
    }
    map(address, address + length, protection);
    return address;
}

long sys_mmap(u32 address, u32 length, u32 protection, u32 flags) {
    return do_mmap(address, length, protection, flags);
}

/* Differs from mmap in the unit of the offset, which only files use. */
long sys_mmap2(u32 address, u32 length, u32 protection, u32 flags) {
    return do_mmap(address, length, protection, flags);
}

/* Checks [address, address + length), page-rounded, and returns its end or 0. */
static u32 span(u32 address, u32 length) {
    if ((address & (PAGE - 1)) || length > USER_END)
        return 0;
    length = (length + PAGE - 1) & -PAGE;
    if (!user_bytes(address, length))
        return 0;
    return address + length;
}

long sys_munmap(u32 address, u32 length) {
    u32 end = span(address, length);
    if (!end || !length)
        return -EINVAL;
    if (!room())
        return -ENOMEM;
    assign(&mapped, address, end, GONE);
    return 0;
}

long sys_mprotect(u32 address, u32 length, u32 protection) {
    u32 end;
    if (address & (PAGE - 1))
        return -EINVAL;
    if (!length)
        return 0;
    end = span(address, length);
    if (!end || !room() || !all_mapped(address, end))
        return -ENOMEM;
    if (protection & ~15) /* the fourth is PROT_SEM, which means nothing */
        return -EINVAL;
    protection &= 7;
    assign(&mapped, address, end, protection);
    if (protection & PROT_WRITE)
        assign(&dirty, address, end, 0);
    return 0;
}

long sys_madvise(u32 address, u32 length, u32 advice) {
    u32 end;
    if (address & (PAGE - 1))
        return -EINVAL;
    /* Hints without effect on contents: NORMAL ... WILLNEED, FREE, (NO)HUGEPAGE, (DONT)DUMP, COLD, PAGEOUT. */
    if (advice != MADV_DONTNEED && advice > 3 && advice != 8 && (advice < 14 || advice > 17) && advice != 20 &&
        advice != 21)
        return -EINVAL;
    if (!length)
        return 0;
    end = span(address, length);
    if (!end || !all_mapped(address, end))
        return -ENOMEM;
    if (advice == MADV_DONTNEED)
        clear(address, end);
    return 0;
}

long sys_msync(u32 address, u32 length, u32 flags) {
    if ((address & (PAGE - 1)) || (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
        return -EINVAL;
    if (!length)
        return 0;
    u32 end = span(address, length);
    return end && all_mapped(address, end) ? 0 : -ENOMEM;
}

/* Every page is resident whatever is locked. */
static long lock(u32 address, u32 length) {
    u32 end, offset = address & (PAGE - 1);
    if (length + offset < length)
        return -EINVAL;
    if (!(length += offset))
        return 0;
    end = span(address - offset, length);
    return end && all_mapped(address - offset, end) ? 0 : -ENOMEM;
}

long sys_mlock(u32 address, u32 length) {
    return lock(address, length);
}

long sys_munlock(u32 address, u32 length) {
    return lock(address, length);
}

long sys_mlock2(u32 address, u32 length, u32 flags) {
    return flags & ~MLOCK_ONFAULT ? -EINVAL : lock(address, length);
}

long sys_mlockall(u32 flags) {
    return (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || !(flags & ~MCL_ONFAULT) ? -EINVAL : 0;
}

long sys_munlockall(void) {
    return 0;
}

/* Every mapped page is resident. */
long sys_mincore(u32 address, u32 length, u32 vector) {
    u32 end;
    if (address & (PAGE - 1))
        return -EINVAL;
    if (!length)
        return 0;
    end = span(address, length);
    if (!end || !all_mapped(address, end))
        return -ENOMEM;
    if (!user_bytes(vector, (end - address) / PAGE))
        return -EFAULT;
    for (; address < end; address += PAGE)
        *(u8 *)vector++ = 1;
    return 0;
}

/* The contents of [old, end) go to `fresh`, which is mapped as a fresh range of at least that length. */
static u32 move(u32 old, u32 end, u32 fresh, u32 length) {
    u32 kept = length < end - old ? length : end - old;
    map(fresh, fresh + length, mapped.at[find(&mapped, old)].kind);
    copy((void *)fresh, (void *)old, kept);
    assign(&dirty, fresh, fresh + kept, 0);
    assign(&mapped, old, end, GONE);
    return fresh;
}

long sys_mremap(u32 old, u32 old_length, u32 length, u32 flags) {
    u32 end = span(old, old_length), fresh, i;
    if (!end || !length || (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) || flags == MREMAP_FIXED)
        return -EINVAL;
    if (!old_length || !all_mapped(old, end))
        return -EFAULT;
    if (length > USER_END - USER_START || !room())
        return -ENOMEM;
    length = (length + PAGE - 1) & -PAGE;
    if (flags & MREMAP_FIXED) {
        if (stack_argument(4, &fresh))
            return -EFAULT;
        if ((fresh & (PAGE - 1)) || !user_bytes(fresh, length) || (fresh < end && old < fresh + length))
            return -EINVAL;
        if (mapped.at[find(&mapped, old)].end < end)
            return -EFAULT;
        return move(old, end, fresh, length);
    }
    if (length <= end - old) {
        if (length < end - old)
            assign(&mapped, old + length, end, GONE);
        return old;
    }
    i = find(&mapped, old);
    if (mapped.at[i].end < end)
        return -EFAULT; /* one mapping, as Linux wants it */
    if (length <= USER_END - old && old + length <= MMAP_TOP && is_free(end, old + length)) {
        map(end, old + length, mapped.at[i].kind);
        return old;
    }
    if (!(flags & MREMAP_MAYMOVE) || !(fresh = choose(length, 0)))
        return -ENOMEM;
    return move(old, end, fresh, length);
}

long sys_brk(u32 address) {
    u32 old = (break_now + PAGE - 1) & -PAGE, end;
    if (address < break_start || address > MMAP_TOP - PAGE)
        return break_now;
    end = (address + PAGE - 1) & -PAGE;
    if (end > old) {
        if (!room() || !is_free(old, end))
            return break_now;
        map(old, end, 3);
    } else if (end < old) {
        if (!room())
            return break_now;
        assign(&mapped, end, old, GONE);
    }
    return break_now = address;
}
