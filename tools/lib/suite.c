// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The cipher suites that net/tls can carry through kssl: AES-GCM, AES-CCM with
 * the full tag, ChaCha20-Poly1305, SM4 and ARIA-GCM. IANA's names and codes.
 */
#include <string.h>

#include "internal.h"

#define TLS1_2	0x0303
#define TLS1_3	0x0304

static const struct {
	uint16_t code;
	uint16_t version;
	const char *name;
} suites[] = {
	{ 0x1301, TLS1_3, "TLS_AES_128_GCM_SHA256" },
	{ 0x1302, TLS1_3, "TLS_AES_256_GCM_SHA384" },
	{ 0x1303, TLS1_3, "TLS_CHACHA20_POLY1305_SHA256" },
	{ 0x1304, TLS1_3, "TLS_AES_128_CCM_SHA256" },
	{ 0x00c6, TLS1_3, "TLS_SM4_GCM_SM3" },
	{ 0x00c7, TLS1_3, "TLS_SM4_CCM_SM3" },
	{ 0x009c, TLS1_2, "TLS_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0x009d, TLS1_2, "TLS_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0xc09c, TLS1_2, "TLS_RSA_WITH_AES_128_CCM" },
	{ 0x009e, TLS1_2, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0x009f, TLS1_2, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0xccaa, TLS1_2, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xc09e, TLS1_2, "TLS_DHE_RSA_WITH_AES_128_CCM" },
	{ 0x00a8, TLS1_2, "TLS_PSK_WITH_AES_128_GCM_SHA256" },
	{ 0x00a9, TLS1_2, "TLS_PSK_WITH_AES_256_GCM_SHA384" },
	{ 0xccab, TLS1_2, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xc0a4, TLS1_2, "TLS_PSK_WITH_AES_128_CCM" },
	{ 0x00aa, TLS1_2, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256" },
	{ 0x00ab, TLS1_2, "TLS_DHE_PSK_WITH_AES_256_GCM_SHA384" },
	{ 0xccad, TLS1_2, "TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xc0a6, TLS1_2, "TLS_DHE_PSK_WITH_AES_128_CCM" },
	{ 0x00ac, TLS1_2, "TLS_RSA_PSK_WITH_AES_128_GCM_SHA256" },
	{ 0x00ad, TLS1_2, "TLS_RSA_PSK_WITH_AES_256_GCM_SHA384" },
	{ 0xccae, TLS1_2, "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xc02b, TLS1_2, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc02c, TLS1_2, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
	{ 0xcca9, TLS1_2, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xc0ac, TLS1_2, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM" },
	{ 0xc02f, TLS1_2, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc030, TLS1_2, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0xcca8, TLS1_2, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xd001, TLS1_2, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256" },
	{ 0xd002, TLS1_2, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384" },
	{ 0xccac, TLS1_2, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xd005, TLS1_2, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256" },
	{ 0xc050, TLS1_2, "TLS_RSA_WITH_ARIA_128_GCM_SHA256" },
	{ 0xc051, TLS1_2, "TLS_RSA_WITH_ARIA_256_GCM_SHA384" },
	{ 0xc052, TLS1_2, "TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256" },
	{ 0xc053, TLS1_2, "TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384" },
	{ 0xc05c, TLS1_2, "TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256" },
	{ 0xc05d, TLS1_2, "TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384" },
	{ 0xc060, TLS1_2, "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256" },
	{ 0xc061, TLS1_2, "TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384" },
	{ 0xc06a, TLS1_2, "TLS_PSK_WITH_ARIA_128_GCM_SHA256" },
	{ 0xc06b, TLS1_2, "TLS_PSK_WITH_ARIA_256_GCM_SHA384" },
	{ 0xc06c, TLS1_2, "TLS_DHE_PSK_WITH_ARIA_128_GCM_SHA256" },
	{ 0xc06d, TLS1_2, "TLS_DHE_PSK_WITH_ARIA_256_GCM_SHA384" },
	{ 0xc06e, TLS1_2, "TLS_RSA_PSK_WITH_ARIA_128_GCM_SHA256" },
	{ 0xc06f, TLS1_2, "TLS_RSA_PSK_WITH_ARIA_256_GCM_SHA384" },
};

const char *kssl_suite_name(uint16_t code)
{
	size_t i;

	for (i = 0; i < KSSL_ARRAY_SIZE(suites); i++)
		if (suites[i].code == code)
			return suites[i].name;
	return NULL;
}

uint16_t kssl_suite_code(const char *name)
{
	size_t i;

	for (i = 0; name && i < KSSL_ARRAY_SIZE(suites); i++)
		if (!strcmp(suites[i].name, name))
			return suites[i].code;
	return 0;
}

int kssl_suite_supported(uint16_t version, uint16_t code)
{
	size_t i;

	for (i = 0; i < KSSL_ARRAY_SIZE(suites); i++)
		if (suites[i].code == code)
			return suites[i].version == version;
	return 0;
}
