/* What compilers call for 64-bit arithmetic. Their own libraries have it too, but Debian's is marked as hard-float, and a program
 * linked with that is refused. Names and meanings are those of libgcc (GCC internals, "Routines for integer arithmetic"). */
typedef unsigned int word;
typedef unsigned long long u64;
typedef long long i64;

u64 __udivdi3(u64 dividend, u64 divisor);
u64 __umoddi3(u64 dividend, u64 divisor);
i64 __divdi3(i64 dividend, i64 divisor);
i64 __moddi3(i64 dividend, i64 divisor);
u64 __udivmoddi4(u64 dividend, u64 divisor, u64 *remainder);
int __popcountsi2(word value);
int __popcountdi2(u64 value);
int __clzdi2(u64 value);
int __ctzdi2(u64 value);
int __ffsdi2(u64 value);

/* Quotient and remainder of a two-word number by a word that is larger than the upper one: long division with digits of 16 bits
 * (Knuth, The Art of Computer Programming 4.3.1, algorithm D). */
static word divide_two_words(word upper, word lower, word divisor, word *remainder) {
    int shift = __builtin_clz(divisor);
    word left = shift ? upper << shift | lower >> (32 - shift) : upper, digits[2], quotient = 0;
    divisor <<= shift;
    lower <<= shift;
    digits[0] = lower >> 16;
    digits[1] = lower & 0xffff;
    for (int i = 0; i < 2; i++) {
        word first = divisor >> 16, second = divisor & 0xffff;
        word digit = left / first, rest = left % first;
        /* The estimate from the first digit of the divisor is at most two too large. */
        while (digit >> 16 || digit * second > (rest << 16 | digits[i])) {
            digit--;
            rest += first;
            if (rest >> 16)
                break;
        }
        left = (left << 16 | digits[i]) - digit * divisor;
        quotient = quotient << 16 | digit;
    }
    *remainder = left >> shift;
    return quotient;
}

u64 __udivmoddi4(u64 dividend, u64 divisor, u64 *remainder) {
    word upper = (word)(dividend >> 32), quotient = 0;
    if (!(divisor >> 32)) {
        word small = (word)divisor, rest, lower;
        if (!upper) {
            *remainder = (word)dividend % small; /* traps if the divisor is zero, as 32-bit division does */
            return (word)dividend / small;
        }
        quotient = upper / small;
        lower = divide_two_words(upper % small, (word)dividend, small, &rest);
        *remainder = rest;
        return (u64)quotient << 32 | lower;
    }
    if (dividend >= divisor) {
        int shift = __builtin_clz((word)(divisor >> 32)) - __builtin_clz(upper);
        divisor <<= shift;
        for (; shift >= 0; shift--, divisor >>= 1) {
            quotient <<= 1;
            if (dividend >= divisor) {
                dividend -= divisor;
                quotient |= 1;
            }
        }
    }
    *remainder = dividend;
    return quotient;
}

u64 __udivdi3(u64 dividend, u64 divisor) {
    u64 remainder;
    return __udivmoddi4(dividend, divisor, &remainder);
}

u64 __umoddi3(u64 dividend, u64 divisor) {
    u64 remainder;
    __udivmoddi4(dividend, divisor, &remainder);
    return remainder;
}

static u64 magnitude(i64 value) {
    return value < 0 ? -(u64)value : (u64)value;
}

i64 __divdi3(i64 dividend, i64 divisor) {
    u64 remainder, quotient = __udivmoddi4(magnitude(dividend), magnitude(divisor), &remainder);
    return (i64)((dividend ^ divisor) < 0 ? -quotient : quotient);
}

i64 __moddi3(i64 dividend, i64 divisor) {
    u64 remainder;
    __udivmoddi4(magnitude(dividend), magnitude(divisor), &remainder);
    return (i64)(dividend < 0 ? -remainder : remainder);
}

int __popcountsi2(word value) {
    value -= value >> 1 & 0x55555555;
    value = (value & 0x33333333) + (value >> 2 & 0x33333333);
    value = (value + (value >> 4)) & 0x0f0f0f0f;
    return (int)(value * 0x01010101 >> 24);
}

int __popcountdi2(u64 value) {
    return __popcountsi2((word)value) + __popcountsi2((word)(value >> 32));
}

int __clzdi2(u64 value) {
    word upper = (word)(value >> 32);
    return upper ? __builtin_clz(upper) : 32 + __builtin_clz((word)value);
}

int __ctzdi2(u64 value) {
    return 63 - __clzdi2(value & -value);
}

int __ffsdi2(u64 value) {
    return value ? __ctzdi2(value) + 1 : 0;
}
