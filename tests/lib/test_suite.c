// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The suite table.
 */
#include <string.h>

#include "internal.h"
#include "tap.h"

int main(void)
{
	unsigned int code, n12 = 0, n13 = 0, other = 0, names = 0, wrong = 0;
	const char *name;

	for (code = 0; code <= UINT16_MAX; code++) {
		name = kssl_suite_name(code);
		n12 += kssl_suite_supported(0x0303, code);
		n13 += kssl_suite_supported(0x0304, code);
		other += kssl_suite_supported(0x0302, code);
		names += !!name;
		if (!name != !(kssl_suite_supported(0x0303, code) ||
			       kssl_suite_supported(0x0304, code)))
			wrong++;
		if (name && kssl_suite_code(name) != code)
			wrong++;
	}
	check(n12 == 43 && n13 == 6 && !other);
	check(names == 49 && !wrong);
	check(!strcmp(kssl_suite_name(0xc02f),
		      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
	check(kssl_suite_code("TLS_AES_128_GCM_SHA256") == 0x1301);
	check(kssl_suite_code("TLS_SM4_CCM_SM3") == 0x00c7);
	check(kssl_suite_code("TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384") ==
	      0xc061);
	/* Short tags, CBC and a lower case name are nothing here. */
	check(!kssl_suite_name(0xc0ae) && !kssl_suite_name(0x1305));
	check(!kssl_suite_name(0xc013));
	check(!kssl_suite_code("tls_aes_128_gcm_sha256"));
	check(!kssl_suite_code("") && !kssl_suite_code(NULL));
	return tap_done();
}
