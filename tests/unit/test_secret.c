/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "auth/secret.h"
#include "base/memory.h"

static void hash_print(const uint8_t hash[TOKEN_HASH_SIZE], char text[2 * TOKEN_HASH_SIZE + 1])
{
        for (size_t i = 0; i < TOKEN_HASH_SIZE; i++)
                snprintf(text + 2 * i, 3, "%02x", hash[i]);
}

static void digest_is_sha256(void **state)
{
        /* FIPS 180-4, examples of SHA-256: one block, and the empty message. */
        static const struct {
                const char *text, *hash;
        } cases[] = {
                { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
                { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                uint8_t hash[TOKEN_HASH_SIZE];
                char text[2 * TOKEN_HASH_SIZE + 1];

                digest_bytes(cases[i].text, strlen(cases[i].text), hash);
                hash_print(hash, text);
                assert_string_equal(text, cases[i].hash);
        }
}

static void secret_made_has_the_form_and_its_hash(void **state)
{
        enum { SECRETS = 200 };
        char texts[SECRETS][SECRET_TEXT_SIZE];

        (void)state;
        for (size_t i = 0; i < SECRETS; i++) {
                uint8_t made[TOKEN_HASH_SIZE], hash[TOKEN_HASH_SIZE], plain[TOKEN_HASH_SIZE];

                secret_make(texts[i], made);
                assert_int_equal(strlen(texts[i]), SECRET_TEXT_SIZE - 1);
                assert_true(secret_hash(texts[i], hash));
                assert_memory_equal(hash, made, sizeof hash);
                digest_bytes(texts[i], strlen(texts[i]), plain);
                assert_memory_equal(hash, plain, sizeof hash);
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(texts[i], texts[j]);
        }
}

static void secret_of_another_form_is_none(void **state)
{
        static const char *const texts[] = {
                "",
                "gh_",
                "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",   /* one short */
                "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* one long */
                "gh-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",  /* other prefix */
                "GH_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",  /* case matters */
                "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",  /* base64, not base64url */
                "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/",
                "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ",
                "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ",
                "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
                "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\xC3",
        };
        uint8_t hash[TOKEN_HASH_SIZE];

        (void)state;
        assert_true(secret_hash("gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-_0", hash));
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                if (secret_hash(texts[i], hash))
                        fail_msg("\"%s\" passed for a secret", texts[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(digest_is_sha256),
                cmocka_unit_test(secret_made_has_the_form_and_its_hash),
                cmocka_unit_test(secret_of_another_form_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
