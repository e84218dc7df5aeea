package value

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"
)

// ErrDivisionByZero is the error of a division by zero.
var ErrDivisionByZero = errors.New("division by zero")

// ErrType says that an operation is not defined for the kinds of its operands.
var ErrType = errors.New("unsupported operand")

// An Op is an arithmetic operator of two numbers.
type Op byte

// The operators, by their first character; floor division and power are the
// doubled ones.
const (
	OpAdd   Op = '+'
	OpSub   Op = '-'
	OpMul   Op = '*'
	OpDiv   Op = '/'
	OpFloor Op = 'f'
	OpMod   Op = '%'
	OpPow   Op = 'p'
)

func (o Op) String() string {
	switch o {
	case OpFloor:
		return "//"
	case OpPow:
		return "**"
	}
	return string(o)
}

func operandError(op Op, a, b any) error {
	if err := undefinedAmong(a, b); err != nil {
		return err
	}
	return fmt.Errorf("%w for %s: %s and %s", ErrType, op, TypeName(a), TypeName(b))
}

// Arith applies an operator to two numbers as Python does: / gives a float, //
// and % round down, integers grow beyond 64 bits up to a bound. Dates and
// durations add and subtract.
func Arith(op Op, a, b any) (any, error) {
	n, ok := numberOf(a)
	m, ok2 := numberOf(b)
	if !ok || !ok2 {
		if v, ok := timeArith(op, a, b); ok {
			return v, nil
		}
		return nil, operandError(op, a, b)
	}
	if n.kind == isInt && m.kind == isInt {
		if v, done, err := intArith(op, n.i, m.i); done {
			return v, err
		}
	}
	if n.kind != isFloat && m.kind != isFloat && (op != OpDiv || !exactFloat(n) || !exactFloat(m)) {
		return bigArith(op, n.big(), m.big())
	}
	return floatArith(op, n, m)
}

// intArith is the fast path; done is false when the result may not fit.
func intArith(op Op, a, b int64) (v any, done bool, err error) {
	switch op {
	case OpAdd:
		c := a + b
		return c, (c > a) == (b > 0), nil
	case OpSub:
		c := a - b
		return c, (c < a) == (b > 0), nil
	case OpMul:
		if a == 0 || b == 0 {
			return int64(0), true, nil
		}
		c := a * b
		return c, c/b == a &&
			!(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64), nil
	case OpFloor, OpMod:
		if b == 0 {
			return nil, true, ErrDivisionByZero
		}
		if a == math.MinInt64 && b == -1 {
			return nil, false, nil
		}
		q, r := a/b, a%b
		if r != 0 && (r < 0) != (b < 0) {
			q, r = q-1, r+b
		}
		if op == OpMod {
			return r, true, nil
		}
		return q, true, nil
	}
	return nil, false, nil
}

func bigArith(op Op, a, b *big.Int) (any, error) {
	z := new(big.Int)
	switch op {
	case OpAdd:
		z.Add(a, b)
	case OpSub:
		z.Sub(a, b)
	case OpMul:
		if a.BitLen()+b.BitLen() > maxBits {
			return nil, fmt.Errorf("integer %w", ErrTooLarge)
		}
		z.Mul(a, b)
	case OpDiv:
		if b.Sign() == 0 {
			return nil, ErrDivisionByZero
		}
		f, _ := new(big.Rat).SetFrac(a, b).Float64()
		if math.IsInf(f, 0) {
			return nil, fmt.Errorf("float %w", ErrTooLarge)
		}
		return f, nil
	case OpFloor, OpMod:
		if b.Sign() == 0 {
			return nil, ErrDivisionByZero
		}
		m := new(big.Int)
		z.DivMod(a, b, m)
		if m.Sign() != 0 && b.Sign() < 0 {
			z.Sub(z, big.NewInt(1))
			m.Add(m, b)
		}
		if op == OpMod {
			z = m
		}
	case OpPow:
		return bigPow(a, b)
	}
	if z.BitLen() > maxBits {
		return nil, fmt.Errorf("integer %w", ErrTooLarge)
	}
	return small(z), nil
}

func bigPow(a, b *big.Int) (any, error) {
	if b.Sign() < 0 {
		return floatPow(number{kind: isBig, b: a}.float(), number{kind: isBig, b: b}.float())
	}
	if a.BitLen() <= 1 { // -1, 0 or 1, to a power of any size
		b = big.NewInt(int64(b.Bit(0)) + 2*int64(b.Sign()))
	}
	if a.BitLen() > 1 &&
		(b.Cmp(big.NewInt(maxBits)) > 0 || int(b.Int64())*(a.BitLen()-1) > maxBits) {
		return nil, fmt.Errorf("integer %w", ErrTooLarge)
	}
	return small(new(big.Int).Exp(a, b, nil)), nil
}

func floatArith(op Op, n, m number) (any, error) {
	a, b := n.float(), m.float()
	if (n.kind != isFloat && math.IsInf(a, 0)) || (m.kind != isFloat && math.IsInf(b, 0)) {
		return nil, fmt.Errorf("integer %w for a float", ErrTooLarge)
	}
	switch op {
	case OpAdd:
		return a + b, nil
	case OpSub:
		return a - b, nil
	case OpMul:
		return a * b, nil
	case OpDiv:
		if b == 0 {
			return nil, ErrDivisionByZero
		}
		return a / b, nil
	case OpPow:
		return floatPow(a, b)
	}
	if b == 0 {
		return nil, ErrDivisionByZero
	}
	q, r := floorMod(a, b)
	if op == OpMod {
		return r, nil
	}
	return q, nil
}

// floorMod is Python's divmod for floats.
func floorMod(a, b float64) (q, r float64) {
	r = math.Mod(a, b)
	div := (a - r) / b
	if r != 0 {
		if (b < 0) != (r < 0) {
			r += b
			div--
		}
	} else {
		r = math.Copysign(0, b)
	}
	if div == 0 {
		return math.Copysign(0, a/b), r
	}
	q = math.Floor(div)
	if div-q > 0.5 {
		q++
	}
	return q, r
}

func floatPow(a, b float64) (any, error) {
	if a == 0 && b < 0 {
		return nil, ErrDivisionByZero
	}
	if a < 0 && b != math.Trunc(b) {
		return nil, errors.New("power of a negative number with a fraction is not real")
	}
	z := math.Pow(a, b)
	if !math.IsInf(z, 0) && z != 0 && z != 1 && z == z {
		z = exactPow(a, b)
	}
	if math.IsInf(z, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return nil, fmt.Errorf("float %w", ErrTooLarge)
	}
	return z, nil
}

// Negate returns -v.
func Negate(v any) (any, error) {
	n, ok := numberOf(v)
	switch {
	case ok && n.kind == isFloat:
		return -n.f, nil
	case ok:
		return Arith(OpSub, int64(0), v)
	}
	if d, ok := v.(time.Duration); ok {
		return -d, nil
	}
	if u, ok := v.(Undefined); ok {
		return nil, errors.New(u.Message())
	}
	return nil, fmt.Errorf("%w for -: %s", ErrType, TypeName(v))
}

// exactPow is a power rounded once, as C libraries give it; math.Pow may be off
// in the last digit. The fraction of b is taken bit by bit as square roots.
func exactPow(a, b float64) float64 {
	const prec = 160
	whole, frac := math.Modf(math.Abs(b))
	square := new(big.Float).SetPrec(prec).SetFloat64(math.Abs(a))
	z := new(big.Float).SetPrec(prec).SetInt64(1)
	root := new(big.Float).Copy(square)
	for n := whole; n >= 1; n = math.Floor(n / 2) {
		if math.Mod(n, 2) == 1 {
			z.Mul(z, square)
		}
		square.Mul(square, square)
	}
	for ; frac > 0; frac = math.Mod(2*frac, 1) {
		root.Sqrt(root)
		if 2*frac >= 1 {
			z.Mul(z, root)
		}
	}
	if b < 0 {
		z.Quo(new(big.Float).SetInt64(1), z)
	}
	out, _ := z.Float64()
	if a < 0 && math.Mod(whole, 2) == 1 {
		return -out
	}
	return out
}

func timeArith(op Op, a, b any) (any, bool) {
	if d, ok := b.(time.Duration); ok && (op == OpAdd || op == OpSub) {
		if op == OpSub {
			d = -d
		}
		switch a := a.(type) {
		case time.Duration:
			return a + d, true
		case time.Time:
			return a.Add(d), true
		case Date:
			return Date{a.Time.AddDate(0, 0, int(d/(24*time.Hour)))}, true
		}
	}
	t, ok := TimeOf(a)
	u, ok2 := TimeOf(b)
	if ok && ok2 && op == OpSub {
		return t.Sub(u), true
	}
	return nil, false
}
