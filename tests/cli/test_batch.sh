#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Batches: their syntax, names of ids, references, errors.
. "$(dirname "$0")/tap.sh"

kssl=./kssl-fake
file=$work/batch

# batch NAME STATUS OUT ERR [OPTION...]: the commands come from standard input
batch() {
	local name=$1 wanted=$2 out=$3 err=$4

	shift 4
	cat >"$file"
	expect "$name" "$wanted" "$out" "$err" $kssl "$@" -b "$file"
}

batch "an empty file" 0 - - </dev/null
batch "comments and blank lines" 0 - - <<'END'
# nothing

	# nothing either
   
END
batch "a comment behind a command" 0 '^ctx 1 ' - <<'END'
ctx new # label x
END
batch "a hash inside of a word" 0 '^ctx 1 ' - <<'END'
ctx new label x#y
END
logged "it is part of the word" ' 4.17=78237900$'
batch "blanks before, between and behind" 0 '^ctx 1 ' - <<'END'
  ctx 	 new   	
END
batch "quotes keep blanks" 0 '^ctx 1 ' - <<'END'
ctx new label 'a  b'
END
logged "single quotes" ' 4.17=6120206200$'
batch "double quotes" 0 '^ctx 1 ' - <<'END'
ctx new label "a 'b"
END
logged "with a quote of the other kind" ' 4.17=6120276200$'
batch "quotes inside of a word" 0 '^ctx 1 ' - <<'END'
ctx new label a" "b
END
logged "are part of the word" ' 4.17=61206200$'
batch "an empty word" 0 '^ctx 1 ' - <<'END'
ctx new label ""
END
logged "is a word" ' 4.17=00$'
batch "a backslash keeps a blank" 0 '^ctx 1 ' - <<'END'
ctx new label a\ b
END
logged "and goes" ' 4.17=61206200$'
batch "a backslash joins lines" 0 '^ctx 1 ' - <<'END'
ctx new \
	label a \
	timeout 5
END
logged "into one command" '^1 4.11=05000000 4.17=6100$'
batch "two backslashes are one" 0 '^ctx 1 ' - <<'END'
ctx new label a\\
END
logged "and join no lines" ' 4.17=615c00$'
batch "no newline at the end" 0 '^ctx 1 ' - < <(printf 'ctx new label last')
logged "the last word is whole" ' 4.17=6c61737400$'
batch "lines that end in CR LF" 0 '^ctx 1 ' - \
	< <(printf 'ctx new label cr\r\n')
logged "the CR is no part of the word" ' 4.17=637200$'

batch "a quote that is not closed" 1 - "^Command failed $file:2\$" <<'END'
# first line
ctx new label "a b
END
batch "it says so" 1 - 'a quote is not closed' <<'END'
ctx new label 'a b
END
batch "an unknown object" 1 - "^Command failed $file:3\$" <<'END'
ctx show

foo show
END
batch "options are no commands" 1 - "no object \"-j\"" <<'END'
-j ctx show
END
batch "the line that a joined command starts in" 1 - \
	"^Command failed $file:2\$" <<'END'
ctx show
ctx new \
 colour \
 red
END
batch "it stops at the first failure" 1 '^ctx 1 ' "$file:2" <<'END'
ctx new
ctx new colour red
ctx new label y
END
[ "$(grep -c '^1' "$work/log")" = 1 ]
result $? "what comes after is not run"
batch "-force goes on" 1 '^ctx 2 ' "$file:2" -force <<'END'
ctx new
ctx new colour red
ctx new label y
END
batch "the status is that of the first failure" 2 '^ctx 2 ' "$file:3" \
	-force <<'END'
ctx new
ctx new verify-depth 101
ctx new colour red
ctx new
END
batch "help is a command" 0 '^Usage: kssl conn' - <<'END'
conn help
END
expect "no such file" 1 - 'No such file' $kssl -b "$work/none"
expect "a directory" 2 - 'Is a directory' $kssl -b "$work"
expect "standard input" 0 '^ctx 1 ' - sh -c 'echo ctx new | ./kssl-fake -b -'
expect "its errors" 1 - '^Command failed -:1$' \
	sh -c 'echo foo | ./kssl-fake -b -'

batch "names of ids" 0 '^conn 2 ctx 1 ' - <<'END'
ctx new as web
conn new ctx @web as first
conn dup id @first as second
conn set id @second label x
conn show ctx @web
END
logged "set got the id" '^11 2=03000000 4.17=7800$'
logged "the filter, too" '^10 dump 3=01000000$'
batch "a name among the rows" 0 '^ctx 1 ' - <<'END'
ctx new label x as web timeout 5
ctx show id @web
END
logged "they are all there" '^1 4.11=05000000 4.17=7800$'
batch "a name that is taken" 1 '^ctx 1 ' 'a name "web" already' <<'END'
ctx new as web
ctx new as web
END
batch "a name of the other kind" 1 '^ctx 1 ' '"web" is the name of a context' <<'END'
ctx new as web
conn show id @web
END
batch "a name that is not there yet" 1 - 'no name "web"' <<'END'
conn new ctx @web
ctx new as web
END
batch "a failed command gives no name" 2 - 'no name "web"' -force <<'END'
ctx new verify-depth 101 as web
ctx show id @web
END

batch "references are counted" 0 '^ctx 1 conns 3 refs 3 ' - <<'END'
ctx new as a
ctx up-ref id @a
ctx up-ref id 1
ctx show id 1
ctx free id @a
ctx free id @a
ctx free id @a
END
[ "$(grep -c '^5 ' "$work/log")" = 3 ]
result $? "each free is one request"
batch "nothing is freed that was not taken" 2 '^ctx 1 ' \
	'this run has no reference on context 1' <<'END'
ctx new as a
ctx free id @a
ctx free id @a
END
batch "another kind's id is not freed" 2 '^ctx 1 ' \
	'this run has no reference on connection 1' <<'END'
ctx new
conn free id 1
END
batch "an object that is not held is borrowed" 2 - 'no such object' <<'END'
conn set id 50 label x
END
FAKE_STATE=2 batch "dup takes a reference on what is not initial" 0 \
	'^conn 2 .* refs 2 |refs 2 ' - <<'END'
ctx new as a
conn new ctx @a as s
conn dup id @s as t
conn free id @t
conn free id @s
END
[ "$(grep -c '^9 2=02000000$' "$work/log")" = 2 ]
result $? "both of its references are freed"
batch "clear" 0 - - <<'END'
ctx new as a exec true
conn new ctx @a as s exec true
conn clear id @s
END
logged "clear is a request" '^12 2=02000000$'

batch "exec in a batch" 0 '^1 2 2 3$' - <<'END'
ctx new as web
conn new ctx @web as one
conn dup id @one as two
exec sh -c 'echo $KSSL_ID_web $KSSL_ID_one $(($KSSL_ID - 1)) $KSSL_ID_two'
END
batch "a program that fails ends the batch" 5 - "$file:1" <<'END'
exec sh -c 'exit 5'
ctx new
END
expect "the batch is no input of its programs" 0 '^ctx 1 ' - \
	sh -c 'printf "exec cat\nctx new\n" | ./kssl-fake -b -'
expect "a batch in a file leaves them their input" 0 '^hello$' - \
	sh -c "echo 'exec cat' >$file; echo hello | ./kssl-fake -b $file"
run $kssl ctx new exec ls -l /proc/self/fd
! grep -q 'socket:\|eventfd' "$work/out"
result $? "programs inherit no descriptors"

run sh -c 'printf "ctx new\nctx show\n" | ./kssl-fake -j -b -'
[ "$(grep -c '^\[{.*}\]$' "$work/out")" = 2 ]
result $? "each command is one JSON document"
run sh -c 'printf "ctx new as a\nconn new ctx @a\nconn new ctx @a\nshow\n" |
	   ./kssl-fake -b - | tail -n 9'
head -n 1 "$work/out" | grep -q '^ctx 1 ' &&
	grep -q '^    conn 3 ctx 1 ' "$work/out"
result $? "show has contexts with their connections"

finish
