#include "copy/seal.h"
#include "tests/copy/dumpfiles.h"

enum { N = 20 };

/* Two messages and the last one, sealed for "here". */
typedef struct Sealed {
    DumpKey *key;
    unsigned char header[SEAL_HEADER_BYTES];
    char message[3][N + SEAL_EXTRA_BYTES];
} Sealed;

static bool seal_three(Sealed *sealed)
{
    static const char texts[3][N] = {"the first message", "the second message", "the last one"};
    sealed->key = make_key();
    if (sealed->key == NULL)
        return false;
    AUTO(seal_free) Seal *seal = seal_new(sealed->key, "here", 4, sealed->header);
    for (int i = 0; i < 3; i++)
        seal_close(seal, texts[i], N, "label", 5, i == 2, sealed->message[i]);
    return true;
}

static Seal *open_for(const Sealed *sealed, const char *context)
{
    return seal_new_for_opening(sealed->key, context, strlen(context), sealed->header);
}

Test(seal, opens_in_the_order_in_which_it_closed)
{
    Sealed sealed;
    if (!seal_three(&sealed))
        return;
    char text[N];
    AUTO(seal_free) Seal *seal = open_for(&sealed, "here");
    for (int i = 0; i < 3; i++)
        cr_assert(
            seal_open(seal, sealed.message[i], sizeof sealed.message[i], "label", 5, i == 2, text));
    cr_assert_str_eq(text, "the last one");
    dumpkey_free(sealed.key);
}

Test(seal, opens_for_nobody_who_knows_less)
{
    Sealed sealed;
    if (!seal_three(&sealed))
        return;
    size_t n = sizeof sealed.message[0];
    char text[N];
    AUTO(seal_free) Seal *elsewhere = open_for(&sealed, "there");
    AUTO(seal_free) Seal *later = open_for(&sealed, "here");
    AUTO(seal_free) Seal *label = open_for(&sealed, "here");
    AUTO(seal_free) Seal *last = open_for(&sealed, "here");
    AUTO(seal_free) Seal *cut = open_for(&sealed, "here");
    cr_assert_not(seal_open(elsewhere, sealed.message[0], n, "label", 5, false, text));
    cr_assert_not(seal_open(later, sealed.message[1], n, "label", 5, false, text));
    cr_assert_not(seal_open(label, sealed.message[0], n, "Label", 5, false, text));
    cr_assert_not(seal_open(last, sealed.message[0], n, "label", 5, true, text));
    cr_assert_not(seal_open(cut, sealed.message[0], n - 1, "label", 5, false, text));
    cr_assert_not(seal_open(cut, sealed.message[0], SEAL_EXTRA_BYTES - 1, "label", 5, false, text));
    dumpkey_free(sealed.key);
}

Test(seal, of_a_text_opens_as_it_was_only)
{
    AUTO(dumpkey_free) DumpKey *key = make_key();
    if (key == NULL)
        return;
    AUTO(mem_free) char *sealed = seal_text(key, "here", "some text");
    AUTO(mem_free) char *again = seal_text(key, "here", "some text");
    AUTO(mem_free) char *text = seal_open_text(key, "here", sealed);
    cr_assert_str_eq(text, "some text");
    cr_assert_str_neq(sealed, again, "what is the same can be told to be so");
    cr_assert_null(seal_open_text(key, "there", sealed));
    cr_assert_null(seal_open_text(key, "here", ""));
    cr_assert_null(seal_open_text(key, "here", "AAAA"));
    for (size_t i = 0; sealed[i] != '\0' && sealed[i] != '='; i++) {
        char right = sealed[i];
        sealed[i] = right == 'A' ? 'B' : 'A';
        AUTO(mem_free) char *wrong = seal_open_text(key, "here", sealed);
        cr_assert_null(wrong, "character %zu", i);
        sealed[i] = right;
    }
}
