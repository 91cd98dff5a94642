/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network namespaces, by the names that ip-netns(8) gives them.
 */
#ifndef TOOL_NETNS_H
#define TOOL_NETNS_H

/* Enter the network namespace @name; 0 or an exit status. */
int netns_enter(const char *name);

#endif /* TOOL_NETNS_H */
