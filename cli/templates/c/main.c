/* Proves that a number is a product of two others, both larger than 1, without showing which. */
#include "zkmips.h"

static char input[64];

/* The next decimal number of the input, which must be below 2^32. */
static uint32_t number(const char **at) {
    uint64_t value = 0;
    while (**at == ' ' || **at == '\n')
        ++*at;
    if (**at < '0' || **at > '9')
        zk_fail("two numbers below 2^32, please");
    for (; **at >= '0' && **at <= '9'; ++*at) {
        value = 10 * value + (uint64_t)(**at - '0');
        if (value > UINT32_MAX)
            zk_fail("two numbers below 2^32, please");
    }
    return (uint32_t)value;
}

int main(void) {
    const char *at = input;
    zk_read(input, sizeof input - 1); /* private */
    uint32_t a = number(&at), b = number(&at);
    if (a < 2 || b < 2)
        zk_fail("both must be larger than 1"); /* shown, not proved; the status, 1, is public */
    char digits[21];
    size_t first = sizeof digits - 1;
    for (uint64_t product = (uint64_t)a * b; product; product /= 10)
        digits[--first] = (char)('0' + product % 10);
    digits[sizeof digits - 1] = 0;
    zk_print(digits + first); /* public */
    zk_print(" is a product\n");
    return 0;
}
