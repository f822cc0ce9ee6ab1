extension ByteCount: CustomStringConvertible {
    /// The count with a binary unit and one decimal, such as `256.0 MiB`; below 1 KiB in bytes.
    package var description: String {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        guard rawValue >= 1024 else { return "\(rawValue) B" }
        var tenths = Double(rawValue) / 1024
        var index = 0
        while tenths >= 1024, index < units.count - 1 {
            tenths /= 1024
            index += 1
        }
        let rounded = UInt64((tenths * 10).rounded())
        return "\(rounded / 10).\(rounded % 10) \(units[index])"
    }
}
