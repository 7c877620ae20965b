/* Moving memory with as few instructions as possible: every one of them is proved. */
#include "kernel.h"

struct unaligned {
    u32 word;
} __attribute__((packed));

/* Whole words are stored aligned; a source of another alignment is read with lwl/lwr pairs. */
void copy(void *to, const void *from, u32 length) {
    u8 *d = to;
    const u8 *s = from;
    while (length && ((u32)d & 3)) {
        *d++ = *s++;
        length--;
    }
    if (!((u32)s & 3)) {
        for (; length >= 32; length -= 32, d += 32, s += 32) {
            u32 *dw = (u32 *)d;
            const u32 *sw = (const u32 *)s;
            u32 a = sw[0], b = sw[1], c = sw[2], e = sw[3];
            dw[0] = a, dw[1] = b, dw[2] = c, dw[3] = e;
            a = sw[4], b = sw[5], c = sw[6], e = sw[7];
            dw[4] = a, dw[5] = b, dw[6] = c, dw[7] = e;
        }
        for (; length >= 4; length -= 4, d += 4, s += 4)
            *(u32 *)d = *(const u32 *)s;
    } else {
        for (; length >= 16; length -= 16, d += 16, s += 16) {
            u32 *dw = (u32 *)d;
            const struct unaligned *sw = (const struct unaligned *)s;
            u32 a = sw[0].word, b = sw[1].word, c = sw[2].word, e = sw[3].word;
            dw[0] = a, dw[1] = b, dw[2] = c, dw[3] = e;
        }
        for (; length >= 4; length -= 4, d += 4, s += 4)
            *(u32 *)d = ((const struct unaligned *)s)->word;
    }
    while (length--)
        *d++ = *s++;
}

void zero(u32 start, u32 end) {
    u32 *p = (u32 *)start;
    for (; end - (u32)p >= 32; p += 8)
        p[0] = 0, p[1] = 0, p[2] = 0, p[3] = 0, p[4] = 0, p[5] = 0, p[6] = 0, p[7] = 0;
    for (; (u32)p < end; p++)
        *p = 0;
}
