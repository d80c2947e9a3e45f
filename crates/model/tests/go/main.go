// Answers for two independent implementations of RFC 6962 and of signed notes: what they make of the leaves, the
// note and the key that are given as JSON on the input.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Leaves []string `json:"leaves"`
	Note   string   `json:"note"`
	Key    string   `json:"key"`
	Text   string   `json:"text"`
}

type answer struct {
	Roots       []string            `json:"roots"`
	Inclusion   map[string][]string `json:"inclusion"`
	Consistency map[string][]string `json:"consistency"`
	Opened      string              `json:"opened"`
	Key         string              `json:"key"`
	Note        string              `json:"note"`
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, index := range indexes {
		out = append(out, h[index])
	}
	return out, nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func text(proof [][]byte) []string {
	out := []string{}
	for _, hash := range proof {
		out = append(out, hex.EncodeToString(hash))
	}
	return out
}

func main() {
	var q question
	check(json.NewDecoder(os.Stdin).Decode(&q))
	a := answer{Inclusion: map[string][]string{}, Consistency: map[string][]string{}}
	tree := testonly.New(rfc6962.DefaultHasher)
	var stored hashes
	for n, leaf := range q.Leaves {
		data, err := hex.DecodeString(leaf)
		check(err)
		tree.AppendData(data)
		more, err := tlog.StoredHashes(int64(n), data, stored)
		check(err)
		stored = append(stored, more...)
	}
	for size := uint64(1); size <= uint64(len(q.Leaves)); size++ {
		root := tree.HashAt(size)
		other, err := tlog.TreeHash(int64(size), stored)
		check(err)
		if string(other[:]) != string(root) {
			check(fmt.Errorf("the two disagree at %d", size))
		}
		a.Roots = append(a.Roots, hex.EncodeToString(root))
		for index := uint64(0); index < size; index++ {
			path, err := tree.InclusionProof(index, size)
			check(err)
			check(proof.VerifyInclusion(rfc6962.DefaultHasher, index, size, tree.LeafHash(index), path, root))
			a.Inclusion[fmt.Sprintf("%d/%d", index, size)] = text(path)
		}
		for earlier := uint64(1); earlier <= size; earlier++ {
			path, err := tree.ConsistencyProof(earlier, size)
			check(err)
			a.Consistency[fmt.Sprintf("%d/%d", earlier, size)] = text(path)
		}
	}
	verifier, err := note.NewVerifier(q.Key)
	check(err)
	opened, err := note.Open([]byte(q.Note), note.VerifierList(verifier))
	check(err)
	a.Opened = opened.Text
	secret, public, err := note.GenerateKey(rand.Reader, "tenure.example/go")
	check(err)
	signer, err := note.NewSigner(secret)
	check(err)
	signed, err := note.Sign(&note.Note{Text: q.Text}, signer)
	check(err)
	a.Key, a.Note = public, string(signed)
	check(json.NewEncoder(os.Stdout).Encode(a))
}
