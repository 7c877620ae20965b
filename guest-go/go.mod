module github.com/zkmips/zkmips/guest-go

go 1.21
