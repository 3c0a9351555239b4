package dispatch

// tree is an ordered set that knows its order statistics: insert, remove,
// first, index and "the i-th" in O(log n). It is a treap whose priorities come
// from a fixed generator, so the same calls always build the same tree.
//
// less must be a strict total order that does not change while an element is in.
type tree[T any] struct {
	less func(a, b T) bool
	root *node[T]
	seed uint64
}

// node is an element's place. It stays valid until the element is removed, and
// may be part of the element, so that nothing is allocated for it.
type node[T any] struct {
	value               T
	parent, left, right *node[T]
	size                int // of the subtree; 0 = not in a tree
	priority            uint64
}

func newTree[T any](less func(a, b T) bool) *tree[T] {
	return &tree[T]{less: less}
}

// random is splitmix64, from "Fast splittable pseudorandom number generators"
// (Steele, Lea, Flood; OOPSLA 2014).
func (t *tree[T]) random() uint64 {
	t.seed += 0x9e3779b97f4a7c15
	z := t.seed
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (n *node[T]) count() int {
	if n == nil {
		return 0
	}
	return n.size
}

func (t *tree[T]) len() int { return t.root.count() }

// in reports whether the node is in a tree.
func (n *node[T]) in() bool { return n.size > 0 }

// insert adds v, which must not be in yet.
func (t *tree[T]) insert(v T) { t.put(&node[T]{}, v) }

// put adds v at a node that is in no tree.
func (t *tree[T]) put(n *node[T], v T) {
	n.value, n.size, n.priority = v, 1, t.random()
	if t.root == nil {
		t.root = n
		return
	}
	for p := t.root; ; {
		p.size++
		next := &p.right
		if t.less(v, p.value) {
			next = &p.left
		}
		if *next == nil {
			*next, n.parent = n, p
			break
		}
		p = *next
	}
	for n.parent != nil && n.priority < n.parent.priority {
		t.lift(n)
	}
}

// remove takes n out.
func (t *tree[T]) remove(n *node[T]) {
	for n.left != nil && n.right != nil {
		if n.left.priority < n.right.priority {
			t.lift(n.left)
		} else {
			t.lift(n.right)
		}
	}
	child := n.left
	if child == nil {
		child = n.right
	}
	if child != nil {
		child.parent = n.parent
	}
	t.replace(n, child)
	for p := n.parent; p != nil; p = p.parent {
		p.size--
	}
	n.parent, n.left, n.right, n.size = nil, nil, nil, 0
}

// replace puts m where n hangs.
func (t *tree[T]) replace(n, m *node[T]) {
	switch {
	case n.parent == nil:
		t.root = m
	case n.parent.left == n:
		n.parent.left = m
	default:
		n.parent.right = m
	}
}

// lift rotates n above its parent.
func (t *tree[T]) lift(n *node[T]) {
	p := n.parent
	t.replace(p, n)
	n.parent = p.parent
	if p.left == n {
		p.left = n.right
		if p.left != nil {
			p.left.parent = p
		}
		n.right = p
	} else {
		p.right = n.left
		if p.right != nil {
			p.right.parent = p
		}
		n.left = p
	}
	p.parent = n
	p.size = 1 + p.left.count() + p.right.count()
	n.size = 1 + n.left.count() + n.right.count()
}

// first returns the smallest element; nil when there is none.
func (t *tree[T]) first() *node[T] {
	n := t.root
	for n != nil && n.left != nil {
		n = n.left
	}
	return n
}

// next returns the element after n; nil at the end.
func (n *node[T]) next() *node[T] {
	if n.right != nil {
		n = n.right
		for n.left != nil {
			n = n.left
		}
		return n
	}
	for n.parent != nil && n.parent.right == n {
		n = n.parent
	}
	return n.parent
}

// index returns how many elements come before n.
func (n *node[T]) index() int {
	i := n.left.count()
	for ; n.parent != nil; n = n.parent {
		if n.parent.right == n {
			i += 1 + n.parent.left.count()
		}
	}
	return i
}

// at returns the element with the given index; nil when there is none.
func (t *tree[T]) at(i int) *node[T] {
	n := t.root
	for n != nil {
		switch before := n.left.count(); {
		case i < before:
			n = n.left
		case i == before:
			return n
		default:
			i -= before + 1
			n = n.right
		}
	}
	return nil
}

// search returns how many elements come before a point, and the first that does
// not; nil when all do. before must hold for all up to the point and for none
// after it.
func (t *tree[T]) search(before func(T) bool) (int, *node[T]) {
	count, found := 0, (*node[T])(nil)
	for n := t.root; n != nil; {
		if before(n.value) {
			count += 1 + n.left.count()
			n = n.right
		} else {
			found, n = n, n.left
		}
	}
	return count, found
}
