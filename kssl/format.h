/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_FORMAT_H
#define _KSSL_FORMAT_H

#include <linux/types.h>

const char *kssl_format_text(const u8 *data, u32 len);
const char *kssl_format_codes(const u8 *data, u32 len);
const char *kssl_format_names(const u8 *data, u32 len);
const char *kssl_format_hosts(const u8 *data, u32 len);
const char *kssl_format_ip(const u8 *data, u32 len);
const char *kssl_format_der(const u8 *data, u32 len);
const char *kssl_format_der_list(const u8 *data, u32 len);
const char *kssl_format_extensions(const u8 *data, u32 len);
const char *kssl_format_extensions_v2(const u8 *data, u32 len);
const char *kssl_format_mtypes(const u8 *data, u32 len);
const char *kssl_format_tlsa(const u8 *data, u32 len);

#endif /* _KSSL_FORMAT_H */
