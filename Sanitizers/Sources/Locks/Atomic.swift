/// The standard library's atomic value, as far as the targets here use it, over ``Mutex``.
public struct Atomic<Value: Sendable & Equatable>: ~Copyable, Sendable {
  private let value: Mutex<Value>

  public init(_ initialValue: Value) { value = Mutex(initialValue) }

  public borrowing func load(ordering: AtomicOrdering) -> Value { value.withLock { $0 } }

  public borrowing func store(_ desired: Value, ordering: AtomicOrdering) { value.withLock { $0 = desired } }

  public borrowing func weakCompareExchange(
    expected: Value, desired: Value, ordering: AtomicOrdering
  ) -> (exchanged: Bool, original: Value) {
    value.withLock { value in
      let original = value
      if original == expected { value = desired }
      return (original == expected, original)
    }
  }
}

/// Named as in the standard library; a mutex orders everything.
public enum AtomicOrdering: Sendable {
  case relaxed
}

extension Atomic where Value: FixedWidthInteger {
  @discardableResult
  public borrowing func add(_ operand: Value, ordering: AtomicOrdering) -> (oldValue: Value, newValue: Value) {
    value.withLock { value in
      let old = value
      value += operand
      return (old, value)
    }
  }
}
